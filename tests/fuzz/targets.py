"""Everything that is fuzzed, by name; a provider's adapter is as soon as it is among `sources.KINDS`."""

from sources import KINDS
from tests.fuzz.adapters import adapter_target
from tests.fuzz.framing import FRAMING
from tests.fuzz.pages import PAGES
from tests.fuzz.producers import PRODUCERS
from tests.fuzz.proxies import PROXIES
from tests.fuzz.requests import REQUESTS
from tests.fuzz.target import Target

ADAPTERS = {kind: adapter_target(kind) for kind in KINDS}
TARGETS: dict[str, Target] = ADAPTERS | PRODUCERS | FRAMING | REQUESTS | PAGES | PROXIES
