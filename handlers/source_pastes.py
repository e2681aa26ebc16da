"""What to paste into each provider's console, program or API so that it sends a source what it needs."""

import json
from urllib.parse import urlsplit

VAPI_MESSAGES = ["transcript", "status-update", "speech-update", "end-of-call-report"]
RETELL_EVENTS = ["call_started", "transcript_updated", "call_ended", "call_analyzed"]
TELNYX_TRANSCRIPTION = {"transcription_engine": "Telnyx", "transcription_tracks": "both"}
DEEPGRAM_PARAMETERS = ("interim_results=true", "multichannel=true", "channels=2", "utterance_end_ms=1000")


def vapi(url: str) -> str:
    """The change of an assistant; the credential is made in Vapi's dashboard."""
    return json.dumps(
        {"server": {"url": url, "credentialId": "CREDENTIAL_ID"}, "serverMessages": VAPI_MESSAGES}, indent=2
    )


def retell(url: str) -> str:
    """The update of an agent."""
    return json.dumps({"webhook_url": url, "webhook_events": RETELL_EVENTS}, indent=2)


def telnyx(url: str) -> str:
    """The body of `transcription_start`; the address stands in the application, not in it."""
    return json.dumps(TELNYX_TRANSCRIPTION, indent=2)


def deepgram(url: str) -> str:
    """The parameters of a live request, one a line."""
    parts = urlsplit(url)
    callback = parts._replace(netloc=f"callboard:SECRET@{parts.netloc}", query="call_sid=CALL_SID").geturl()
    return "\n".join([*DEEPGRAM_PARAMETERS, f"callback={callback}"])
