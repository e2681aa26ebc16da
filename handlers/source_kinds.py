"""What people are told of each kind of source: one registry for settings pages, command line and docs.

What can be set of a kind is what its adapter's Config has; only the words are here.
"""

from collections.abc import Callable, Mapping
from importlib.util import find_spec
from typing import Any, Literal, NamedTuple, get_args, get_origin, get_type_hints

import msgspec

from events import Refused
from handlers import source_pastes
from sources import KINDS, twilio


class SourceKind(NamedTuple):
    name: str
    secret: str  # what the provider calls it
    secret_from: str  # where it is found, and what it is for
    settings: dict[str, str]  # fields of the adapter's Config and what they are called
    mismatch: str  # why a signature may not fit
    paste: Callable[[str], str]  # what to paste at the provider, for the source's address
    pasted: str  # what that is, and where it goes
    account: str | None = None  # what the provider calls it; None: its requests do not tell one
    account_from: str = ""
    address: str = "The address:"  # before the address, in the command line
    query: str = ""  # of the address, for who sends to fill in
    untested: str = ""  # why there is no test call
    library: str = ""  # the module that its signatures need, and the package that has it
    package: str = ""

    @property
    def lacks_library(self) -> bool:
        return bool(self.library) and find_spec(self.library) is None


class Setting(NamedTuple):
    """One field of a Config as a form has it."""

    name: str
    label: str
    choices: tuple[tuple[str, str], ...]  # values and their words; empty: a line of text
    value: str

    @property
    def words(self) -> str:
        return dict(self.choices).get(self.value, self.value)


SOURCE_KINDS: dict[str, SourceKind] = {
    "twilio": SourceKind(
        name="Twilio",
        secret="Auth token",
        secret_from="In the Twilio console's home page, under Account Info. Twilio signs with it, so that nobody else"
        " can send calls here.",
        account="Account SID",
        account_from="Beside the token; begins with AC. Events of other accounts are then refused.",
        settings={"inbound_track": "Who is on the inbound track", "outbound_track": "Who is on the outbound track"},
        mismatch="Either the auth token here is not that of the account that sent it, or the provider was given another"
        " address than the one on this page.",
        paste=twilio.twiml,
        pasted="The TwiML to begin a call's transcription with",
        address="The address, also to give as the call's StatusCallback (events: answered, completed):",
    ),
    "vapi": SourceKind(
        name="Vapi",
        secret="Bearer token or HMAC secret",
        secret_from="One that you make up here, long and random, and give to Vapi as a custom credential, so that"
        " nobody else can send calls here.",
        account="Organization ID",
        account_from="In the Vapi dashboard under Settings. Events of other organizations are then refused.",
        settings={},
        mismatch="Either the token here is not that of the credential that the assistant's server has, or its HMAC is"
        " not made with Vapi's defaults, or this server's clock is off by more than five minutes.",
        paste=source_pastes.vapi,
        pasted="The change of an assistant, for Vapi's API (PATCH /assistant/{id})",
    ),
    "retell": SourceKind(
        name="Retell",
        secret="API key with the webhook badge",
        secret_from="In the Retell dashboard under Settings, API Keys: the one that bears the badge. Retell signs with"
        " it, so that nobody else can send calls here.",
        settings={"transfer_target": "Who the one is to whom a call was transferred"},
        mismatch="Either the key here is not the one with the webhook badge, or something on the way changed what was"
        " sent, or this server's clock is off by more than five minutes.",
        paste=source_pastes.retell,
        pasted="The update of an agent, for Retell's API (PATCH /update-agent/{agent_id})",
    ),
    "telnyx": SourceKind(
        name="Telnyx",
        secret="Public key",
        secret_from="In the Mission Control Portal under API Keys, Public Key. Only Telnyx has the private key that"
        " fits it, so nobody else can send calls here.",
        account="Connection ID",
        account_from="The number of the Voice API application. Events of other applications are then refused.",
        settings={
            "call_id": "What is one call",
            "inbound": "Who is on the inbound track",
            "outbound": "Who is on the outbound track",
            "unknown_track": "Who is taken to speak where the track is not told",
        },
        mismatch="Either the public key here is not that of the account that sent it, or something on the way changed"
        " what was sent, or this server's clock is off by more than five minutes.",
        paste=source_pastes.telnyx,
        pasted="The body of transcription_start, to send once a call is answered",
        untested="Only Telnyx can sign for this source.",
        library="nacl",
        package="pynacl",
    ),
    "deepgram": SourceKind(
        name="Deepgram",
        secret="Secret of the callback",
        secret_from="One that you make up here, long and random, and put into the callback's address before the host,"
        " so that nobody else can send calls here.",
        settings={
            "channel_0": "Who is on channel 0",
            "channel_1": "Who is on channel 1",
            "voice_0": "Who is voice 0, of one channel with diarize",
            "voice_1": "Who is voice 1, of one channel with diarize",
        },
        mismatch="Either the callback's address lacks the secret that was set here, or it has another one.",
        paste=source_pastes.deepgram,
        pasted="The parameters of a live request to Deepgram",
        query="call_sid=CALL_SID",
    ),
}
_WORDS = {
    "user": "User",
    "assistant": "Assistant",
    "call_control_id": "Each leg (call_control_id)",
    "call_session_id": "All legs of a session (call_session_id)",
}


def settings_of(kind: str, config: str = "{}") -> list[Setting]:
    """What can be set of this kind, in the Config's order, as `config` (JSON) has it."""
    shape = KINDS[kind].Config
    current, types, labels = msgspec.json.decode(config, type=shape), get_type_hints(shape), SOURCE_KINDS[kind].settings
    return [
        Setting(name, labels.get(name, name), _choices(types[name]), _text(getattr(current, name)))
        for name in shape.__struct_fields__
    ]


def config_of(kind: str, given: Mapping[str, str], config: str = "{}") -> str:
    """`config` (JSON) with these values, as typed. Raises Refused, `invalid_field`, naming the first that cannot be."""
    shape = KINDS[kind].Config
    values = {name: getattr(msgspec.json.decode(config, type=shape), name) for name in shape.__struct_fields__}
    for name, text in given.items():
        if name not in values:
            known = f"there are {', '.join(values)}" if values else "there are none"
            raise Refused("invalid_field", f"{SOURCE_KINDS[kind].name} has no setting {name!r}; {known}.", name)
        try:
            values[name] = getattr(msgspec.convert(values | {name: text}, shape, strict=False), name)
        except msgspec.ValidationError as error:
            choices = [value for value, _ in _choices(get_type_hints(shape)[name])]
            fault = f"must be one of {', '.join(choices)}" if choices else str(error).partition(" - at")[0]
            raise Refused("invalid_field", f"{name}: {fault}.", name) from None
    return msgspec.json.encode(values).decode()


def _choices(type_: Any) -> tuple[tuple[str, str], ...]:
    if type_ is bool:
        return (("true", "Yes"), ("false", "No"))
    if get_origin(type_) is not Literal:
        return ()
    return tuple((_text(value), _WORDS.get(value, _text(value))) for value in get_args(type_))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else "" if value is None else msgspec.json.encode(value).decode()
