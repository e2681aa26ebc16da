"""Two sources, one call: other providers' ids of a call, set as it is created or later, and calls that are linked."""

import pytest

from alias_board import opened, told
from events import StatusReported
from models import aliases, assistants, erasing, sources, tables
from models.database import write_transaction
from models.record import SourceStep, StateConflict
from test_record import START, said


@pytest.fixture
def board(database_url):
    yield from opened(database_url)


def test_an_alias_told_as_the_call_is_created_leads_to_it(board):
    created = board.hear("VA1", told("CA1", provider="vapi"), said("a"))
    assert (created.created, created.alias, created.call.call_sid) == (True, None, "VA1")
    by_alias = board.hear("CA1", said("b"))
    assert (by_alias.created, by_alias.alias, by_alias.call.call_sid) == (False, "CA1", "VA1")
    assert board.all_calls() == ["VA1"]
    assert board.spoken("VA1") == board.spoken("CA1") == ["a", "b"]
    assert board.call("CA1") == board.call("VA1") == by_alias.call
    assert board.others("VA1") == (["CA1"], [])


def test_a_call_told_of_with_the_id_of_one_that_is_there_makes_no_second(board):
    board.hear("CA1", said("a"))
    joined = board.hear("VA1", told("CA1"), said("b"))
    assert (joined.created, joined.alias, joined.call.call_sid) == (False, "VA1", "CA1")
    assert [entry.seq for entry in joined.entries] == [2]
    board.hear("VA1", said("c"))
    assert board.all_calls() == ["CA1"]
    assert board.spoken("CA1") == ["a", "b", "c"]
    assert board.others("VA1") == (["VA1"], [])


def test_a_third_source_finds_the_call_by_its_alias(board):
    board.hear("VA1", told("CA1"))
    board.hear("RE1", told("CA1"), said("b"))
    board.hear("CA1", said("a"))
    assert board.all_calls() == ["VA1"]
    assert board.others("CA1") == (["CA1", "RE1"], [])
    assert board.spoken("RE1") == ["b", "a"]


def test_an_alias_told_later_is_set_if_nobody_has_it(board):
    board.hear("VA1", said("a"))
    board.hear("VA1", told("CA1"))
    board.hear("CA1", said("b"))
    assert board.all_calls() == ["VA1"]
    assert board.spoken("VA1") == ["a", "b"]


def test_two_calls_that_are_there_already_are_linked_and_stay_two(board):
    board.hear("CA1", said("a"))
    board.hear("VA1", said("b"))
    for _ in range(2):
        board.hear("VA1", told("CA1"), said("c"))
    assert board.all_calls() == ["CA1", "VA1"]
    assert (board.spoken("CA1"), board.spoken("VA1")) == (["a"], ["b", "c"])
    assert board.others("CA1") == ([], ["VA1"])
    assert board.others("VA1") == ([], ["CA1"])


def test_a_call_told_to_have_the_alias_of_another_is_linked_with_that_one(board):
    board.hear("VA1", told("CA1"))
    board.hear("RE1", said("a"))
    board.hear("RE1", told("CA1"))
    assert board.others("RE1") == ([], ["VA1"])
    assert board.others("VA1") == (["CA1"], ["RE1"])
    assert board.call("CA1").call_sid == "VA1"


def test_a_call_is_no_alias_of_itself_and_a_repeat_adds_nothing(board):
    for _ in range(2):
        board.hear("CA1", told("CA1"), told("VA1"), told("VA1"))
        board.hear("VA1", told("CA1"), told("VA1"))
    assert board.others("CA1") == (["VA1"], [])
    assert board.all_calls() == ["CA1"]


def test_an_alias_is_of_one_organisation_only(board):
    other = board.organization("Other")
    board.hear("VA1", told("CA1"), said("a"))
    board.hear("CA1", said("b"), organization_id=other)
    assert (board.call("CA1").call_sid, board.call("CA1", other).call_sid) == ("VA1", "CA1")
    assert board.call("VA1", other) is None
    assert not aliases.is_one(board.db, other, "CA1", "VA1")
    assert aliases.is_one(board.db, board.organization_id, "CA1", "VA1")
    board.hear("VA1", told("CA1"), organization_id=other)
    assert board.call("VA1", other).call_sid == "CA1", "their own call, whatever ours are called"
    assert board.others("VA1") == (["CA1"], [])


def test_the_first_end_counts_whichever_source_tells_it(board):
    board.hear("CA1", told(provider="twilio", started_at=START))
    board.hear("VA1", told("CA1"), StatusReported(status="completed", reason="hung-up", at=START + 9_000_000))
    after = board.hear("CA1", StatusReported(status="failed", reason="busy", at=START + 5_000_000))
    call = board.call("CA1")
    assert (call.status, call.end_reason, call.duration, after.status_changed) == ("completed", "hung-up", 9, False)
    changes = tables.StatusChange.select().where(tables.StatusChange.call == call.id)
    assert [row.status for row in changes.order_by(tables.StatusChange.id).execute(board.db)] == [
        "in-progress",
        "completed",
    ]


TWILIO = dict(provider="twilio", direction="inbound", from_number="+15550101", started_at=START + 2)
VAPI = dict(provider="vapi", direction="outbound", to_number="+15550102", started_at=START + 1)


@pytest.mark.parametrize("first", ["CA1", "VA1"])
def test_the_facts_of_the_provider_whose_id_the_call_has_stand_and_the_other_fills_in(board, first):
    twilio, vapi = ("CA1", told(**TWILIO)), ("VA1", told("CA1", **VAPI))
    for call_sid, event in [twilio, vapi, twilio, vapi] if first == "CA1" else [vapi, twilio, vapi, twilio]:
        board.hear(call_sid, event)
    call = board.call("CA1")
    assert call.call_sid == first
    own = TWILIO if first == "CA1" else VAPI
    assert (call.provider, call.direction) == (own["provider"], own["direction"])
    assert (call.from_number, call.to_number, call.started_at) == ("+15550101", "+15550102", START + 1)


def test_a_program_without_a_provider_corrects_facts_under_any_id(board):
    board.hear("CA1", told("VA1", **TWILIO))
    board.hear("VA1", told(direction="outbound", metadata={"a": 1}))
    assert (board.call("CA1").direction, board.call("CA1").metadata) == ("outbound", {"a": 1})


def test_a_source_has_a_state_for_each_id_under_which_it_tells_of_the_call(board):
    assistant = assistants.create(board.db, board.now, board.organization_id, "Front desk")
    endpoint = sources.create(board.db, board.now, board.organization_id, assistant, "twilio", None, None)
    source = sources.by_endpoint(board.db, "twilio", endpoint)
    for call_sid in ("CA1", "RE1", "RE2"):  # the second agent took over from the first
        board.hear(call_sid, told("CA1"), step=SourceStep(source.id, 0, f'"{call_sid}"'))
    board.hear("RE1", said("a"), step=SourceStep(source.id, 1, '"again"'))
    assert board.all_calls() == ["CA1"]
    assert sources.state(board.db, source, "CA1") == sources.KnownState(1, '"CA1"')
    assert sources.state(board.db, source, "RE1") == sources.KnownState(2, '"again"')
    assert sources.state(board.db, source, "RE2") == sources.KnownState(1, '"RE2"')
    with pytest.raises(StateConflict):
        board.hear("RE2", said("b"), step=SourceStep(source.id, 2, "{}"))


def test_erasing_a_call_erases_its_other_ids_and_links(board):
    board.hear("CA1", said("a"))
    board.hear("VA1", said("a"))
    board.hear("VA1", told("CA1"), told("VA2"))
    with write_transaction(board.db):
        erasing.delete(board.db, [board.call("VA1").id])
    assert board.all_calls() == ["CA1"]
    assert board.others("CA1") == ([], [])
    assert board.call("VA2") is None
    assert tables.CallAlias.select().count(board.db) == tables.CallLink.select().count(board.db) == 0
    assert board.hear("VA2", said("b")).created
