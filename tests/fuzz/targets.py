"""Everything that is fuzzed, by name."""

from tests.fuzz.adapters import adapter_target
from tests.fuzz.framing import FRAMING
from tests.fuzz.json_adapters import json_adapter_target
from tests.fuzz.pages import PAGES
from tests.fuzz.producers import PRODUCERS
from tests.fuzz.proxies import PROXIES
from tests.fuzz.requests import REQUESTS
from tests.fuzz.target import Target

ADAPTERS = {kind: adapter_target(kind) for kind in ("twilio",)}
JSON_ADAPTERS = {kind: json_adapter_target(kind) for kind in ("vapi", "retell", "telnyx")}
JSON_ADAPTERS["deepgram"] = json_adapter_target("deepgram", {"call_sid": "CA0"})
TARGETS: dict[str, Target] = ADAPTERS | JSON_ADAPTERS | PRODUCERS | FRAMING | REQUESTS | PAGES | PROXIES
