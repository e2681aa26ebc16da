"""/metrics: what Prometheus reads is what happened, in its format, and tells of nobody."""

import json
import re
from pathlib import Path

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families
from tornado.httpclient import AsyncHTTPClient

from events import Unavailable
from handlers.numbers import METRICS

ROOT = Path(__file__).parent.parent
DOCUMENT = (ROOT / "docs" / "operations.md").read_text()
ALERTS = yaml.safe_load((ROOT / "deploy" / "prometheus-alerts.yml").read_text())["groups"][0]["rules"]
TRIED = ROOT / "tests" / "prometheus_alerts.yml"
HISTOGRAM = ("_bucket", "_sum", "_count")


class Numbers:
    """What one look at /metrics told, as Prometheus' own parser understands it."""

    def __init__(self, text: str):
        self.text = text
        self.families = {family.name: family for family in text_string_to_metric_families(text)}
        self.samples = [sample for family in self.families.values() for sample in family.samples]

    def __call__(self, name: str, **labels: str) -> float:
        """The sum of the samples with these labels; 0 where there are none."""
        found = [s for s in self.samples if s.name == name and labels.items() <= s.labels.items()]
        return sum(sample.value for sample in found)


async def read(house) -> Numbers:
    answer = await AsyncHTTPClient().fetch(house.server.metrics_url, raise_error=False)
    assert answer.code == 200 and answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    return Numbers(answer.body.decode())


@pytest.fixture
def counted(open_furnished):
    """A house that tells its numbers."""
    return lambda **settings: open_furnished(metrics_port=0, **settings)


async def test_what_happens_is_counted(counted):
    async with counted() as house:
        await house.say("CA1", "s1", "words 1")
        async with house.watch("CA1") as viewer, house.websocket(f"/live-calls?token={house.key}"):
            await viewer.history()
            async with house.produce() as producer:
                for n, more in ((2, {}), (3, {"is_final": False})):
                    data = {"segment_id": f"s{n}", "speaker": "user", "content": f"words {n}"} | more
                    await producer.send({"type": "transcript", "id": n, "call_sid": "CA1", "data": data})
                    await viewer.until("transcript")
                await producer.send({"type": "transcript", "id": 4, "call_sid": "CA1", "data": {"speaker": "nobody"}})
                assert (await producer.until("error"))["id"] == 4
                numbers = await read(house)
        told = {socket: numbers("callboard_sockets", socket=socket) for socket in ("viewer", "feed", "producer")}
        assert told == {"viewer": 1, "feed": 1, "producer": 1}
        assert numbers("callboard_ready") == numbers("callboard_build_info") == 1
        assert numbers("callboard_calls_in_progress") == 1
        assert numbers("callboard_viewers_catching_up") == 0
        events = {kind: numbers("callboard_events_total", kind=kind) for kind in ("final", "interim", "status")}
        assert events == {"final": 2, "interim": 1, "status": 0}
        assert numbers("callboard_rejected_total", source="producer") == 1
        assert numbers("callboard_messages_sent_total") == numbers("callboard_deliver_seconds_count") == 2
        assert numbers("callboard_commit_writes_sum") >= numbers("callboard_commit_seconds_count") > 0
        assert numbers("callboard_http_requests_total", route="/api/v1/calls/{}/transcripts", status="2xx") == 1
        assert numbers("callboard_http_requests_total", status="1xx") == 3
        assert numbers("callboard_database_bytes") > 0 and numbers("callboard_database_free_bytes") > 0
        while numbers("callboard_sockets"):
            numbers = await read(house)
        assert numbers("callboard_websocket_closes_total", code="1000") == 3


async def test_what_one_event_is_to_alert_of_is_told_before_it_happens(counted):
    """A series that appears with its first event has not increased, as Prometheus sees it."""
    async with counted() as house:
        numbers = await read(house)
    watched = [
        found for rule in ALERTS for found in re.findall(r"increase\((\w+)(\{.*?\})?\[\w+\]\) > 0", rule["expr"])
    ]
    assert len(watched) >= 2
    for name, selector in watched:
        wanted = dict(re.findall(r'(\w+)="(\w+)"', selector))
        assert any(s.name == name and wanted.items() <= s.labels.items() for s in numbers.samples), (name, selector)


async def test_refusals_are_counted_by_what_refused(counted):
    async with counted(requests_per_key=1, viewers_per_call=1) as house:
        while (await house.fetch("GET", "/api/v1/calls")).code != 429:
            pass
        async with house.watch("CA404") as nobody:
            await nobody.to_the_end()
        webhook = "/webhooks/twilio/" + "0" * 32
        assert (await house.fetch("POST", webhook, "x=1", key=None)).code == 404
        numbers = await read(house)
        assert numbers("callboard_rate_limited_total", limit="requests_per_key") >= 1
        assert numbers("callboard_websocket_refusals_total", socket="viewer", error="rate_limit_exceeded") == 1
        assert numbers("callboard_http_requests_total", route="/webhooks/{}/{}", status="4xx") == 1


async def test_nothing_of_a_caller_or_a_customer_is_told_and_strangers_make_no_labels(counted):
    async with counted() as house:
        await house.say("CA-secret", "segment-secret", "My name is Marigold")
        before = {sample.labels.get("route") for sample in (await read(house)).samples}
        for n in range(20):
            assert (await house.fetch("GET", f"/strange{n}", key=None)).code == 404
            assert (await house.fetch("BREW", f"/calls/{n}", key=None)).code >= 400
        numbers = await read(house)
        labels = {text for sample in numbers.samples for text in sample.labels.values()}
        assert labels >= {"other"} and not {text for text in labels if "strange" in text or text == "BREW"}
        assert len({sample.labels.get("route") for sample in numbers.samples} - before) <= 2
        for told in ("secret", "Marigold", "Larkspur", "ada@", house.key):
            assert told not in numbers.text


async def test_it_answers_while_the_database_is_away_and_while_it_stops(counted, monkeypatch):
    async def away(*_):
        raise Unavailable("The database does not answer just now.")

    async with counted() as house:
        monkeypatch.setattr(house.store, "read", away)
        numbers = await read(house)
        assert numbers("callboard_ready") == 0
        assert not any(sample.name == "callboard_calls_in_progress" for sample in numbers.samples)
        monkeypatch.undo()
        assert (await read(house))("callboard_ready") == 1
        house.services.gate.is_closing = True
        assert (await read(house))("callboard_ready") == 0


async def test_nobody_is_told_unless_a_port_is_given(house):
    assert house.server.metrics_url is None
    assert (await house.fetch("GET", "/metrics")).code == 404


async def test_it_is_on_a_port_of_its_own_and_there_is_nothing_else(counted):
    async with counted() as open_:
        assert (await open_.fetch("GET", "/metrics")).code == 404
        elsewhere = open_.server.metrics_url.removesuffix("/metrics")
        for path in ("/", "/healthz", "/api/v1/calls", "/calls"):
            answer = await AsyncHTTPClient().fetch(elsewhere + path, raise_error=False)
            assert (answer.code, json.loads(answer.body)["error"]["code"]) == (404, "not_found")


async def test_exactly_the_numbers_of_the_list_are_told(counted):
    async with counted() as house:
        numbers = await read(house)
    told = {family.name: family.type for family in numbers.families.values()}
    assert told == {_parsed(metric.family.name): metric.family.kind for metric in METRICS}


def _parsed(name: str) -> str:
    """The parser calls a counter by its name without `_total`."""
    return name.removesuffix("_total")


def metrics_table() -> str:
    rows = ["| name | kind | labels | meaning |", "|---|---|---|---|"]
    for family, _ in METRICS:
        labels = ", ".join(f"`{label}`" for label in family.labels)
        rows.append(f"| `{family.name}` | {family.kind} | {labels} | {family.help} |")
    return "\n".join(rows)


def test_the_documented_list_is_the_list():
    section = DOCUMENT.partition("\n## Numbers\n")[2].partition("\n## ")[0]
    assert [line for line in section.splitlines() if line.startswith("|")] == metrics_table().splitlines()


def names() -> set[str]:
    """Every name under which Prometheus has a sample of ours, and its own `up`."""
    found = {"up"}
    for family, _ in METRICS:
        found |= {family.name + ending for ending in (HISTOGRAM if family.kind == "histogram" else ("",))}
    return found


@pytest.mark.parametrize("where", [*(rule["expr"] for rule in ALERTS), DOCUMENT])
def test_alerts_and_documentation_ask_for_numbers_that_there_are(where):
    asked = set(re.findall(r"\b(?:callboard|process)_[a-z_]+\b", where)) - {"callboard_session"}
    families = {family.name for family, _ in METRICS} if where is DOCUMENT else set()
    assert asked <= names() | families and (asked or "up{" in where)


def test_alerts_ask_for_labels_that_there_are():
    labels = {family.name: set(family.labels) for family, _ in METRICS}
    for rule in ALERTS:
        for name, selector in re.findall(r"\b(callboard_[a-z_]+)\{([^}]*)\}", rule["expr"]):
            assert set(re.findall(r"(\w+)\s*[!=]", selector)) <= labels[name], rule["alert"]


def test_every_alert_has_words_and_advice():
    advice = re.findall(r"^\| `(Callboard\w+)` \| .+ \|$", DOCUMENT, re.MULTILINE)
    assert advice == [rule["alert"] for rule in ALERTS]
    for rule in ALERTS:
        assert rule["annotations"]["summary"] and rule["labels"]["severity"] in ("page", "ticket")


def test_each_alert_is_tried():
    """By promtool (`make alert-rules`); here only that no alert is forgotten, and no series tried that there is not."""
    *_, worst = yaml.safe_load(TRIED.read_text())["tests"]
    (count,) = worst["promql_expr_test"]
    fired = [re.search(r'"(.*)"', sample["labels"])[1] for sample in count["exp_samples"]]
    assert fired == [rule["alert"] for rule in ALERTS]
    assert {each["series"].partition("{")[0] for each in worst["input_series"]} <= names()
