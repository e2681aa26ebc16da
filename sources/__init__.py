"""The sources by kind, the `{kind}` of `POST /webhooks/{kind}/{endpoint}`: a new provider is a module and a line."""

from sources import twilio
from sources.adapter import Adapter

KINDS: dict[str, Adapter] = {"twilio": twilio}
