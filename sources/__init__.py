"""The sources by kind, the `{kind}` of `POST /webhooks/{kind}/{endpoint}`: a new provider is a module and a line."""

from sources import deepgram, retell, telnyx, twilio, vapi
from sources.adapter import Adapter

KINDS: dict[str, Adapter] = {"twilio": twilio, "vapi": vapi, "retell": retell, "telnyx": telnyx, "deepgram": deepgram}
