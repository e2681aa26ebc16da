"""What search finds, on both kinds of database: whatever is typed, and as the texts themselves would tell."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from events import Refused, StatusReported, Transcript
from models import accounts, search_index
from models.calls import CallFilter
from models.database import migrate, open_database, write_transaction
from models.record import Heard, record_all
from models.search import Found, search
from models.search_query import MOST_CHARS, parse
from rules.folding import folded

HOSTILE = ("c++", 'open "', "NOT AND", "NEAR(a b)", "a OR b", "terms:bike", "-bike", "^bike", "'; DROP TABLE entry; --")
HOSTILE += ("a & !b", "a <-> b", "bike:*", "\\", "%", "{", "=1", "'", '""', '"" ""', "***", "\u202e", "\ud83d\ude00")


class Board:
    """An organisation's calls in a database, which search finds as soon as they are told."""

    def __init__(self, url: str):
        self.now = 1_770_000_000_000_000
        self.db = open_database(url)
        self.db.connect()
        migrate(self.db)
        self.ours = accounts.create_organization(self.db, 1, "Larkspur")
        self.theirs = accounts.create_organization(self.db, 1, "Other")

    def clock(self) -> int:
        self.now += 1
        return self.now

    def say(self, call_sid: str, *texts: str, segment_id: str = "", organization_id: int = 0) -> None:
        ids = [segment_id] if segment_id else [f"u-{at}" for at in range(len(texts))]
        said = [Transcript(segment_id=id_, speaker="user", content=text) for id_, text in zip(ids, texts, strict=True)]
        heard = Heard(organization_id=organization_id or self.ours, call_sid=call_sid, events=said)
        with write_transaction(self.db):
            record_all(self.db, [heard], clock=self.clock)

    def take(self) -> None:
        is_last = None
        with write_transaction(self.db):
            watermark = search_index.watermark(self.db)
        while not is_last:
            with write_transaction(self.db):
                is_last = search_index.take(self.db, watermark)
                search_index.tidy(self.db)

    def search(self, query: str, *, skip: int = 0, limit: int = 20, **where) -> Found:
        self.take()
        return search(self.db, self.ours, query, CallFilter(**where), skip, limit)

    def found(self, query: str, **options) -> list[str]:
        return [it.call.call_sid for it in self.search(query, **options).calls]

    def marked(self, query: str) -> list[str]:
        """The words that are marked in all that is found."""
        matches = [match for it in self.search(query).calls for match in it.matches]
        return [match.entry.transcript.content[a:b] for match in matches for a, b in match.marks]


@pytest.fixture
def board(database_url):
    board = Board(database_url)
    yield board
    board.db.close()


def test_all_words_must_be_in_one_segment_and_those_that_fit_are_marked(board):
    board.say("CA1", "Is my bike ready?", "I wanted to pick it up.")
    board.say("CA2", "The bike, the bike is not here.")
    assert board.found("bike") == ["CA2", "CA1"]
    assert board.found("ready bike") == ["CA1"]
    assert board.found("ready pick") == []
    assert board.marked("THE bike") == ["The", "bike", "the", "bike"]
    assert board.marked("up") == ["up"]


def test_words_in_quotes_stand_side_by_side_and_a_star_stands_for_the_rest_of_a_word(board):
    board.say("CA1", "Please pick it up today.")
    board.say("CA2", "Please pick up the cancelled order.")
    assert board.found('"pick up"') == board.found("“pick up") == ["CA2"]
    assert board.found("pick up") == ["CA2", "CA1"], "side by side stands above"
    assert board.marked("cancel*") == board.marked("CANCELLED*") == ["cancelled"]
    assert board.found("cancel") == []
    assert board.found('"up the" canc*') == ["CA2"]
    assert board.found("the-cancelled*") == ["CA2"], "what is written together stands together"


def test_capitals_accents_and_punctuation_do_not_matter(board):
    board.say("CA1", "Ein Café in der STRASSE, don't you think? Ça va, l'hôtel — naïve Ⅻ.")
    board.say("CA2", "請問自行車準備好了嗎？ Ελλάς, Łódź, Привет")
    for query in ("cafe", "CAFÉ", "cafe\u0301", "straße", "don’t", "dont*"[:3], "ca", "hotel", "NAIVE", "xii"):
        assert board.found(query) == ["CA1"], query
    for query in ("自行車", "車準備", "ελλας", "lodz", "ПРИВЕТ"):
        assert board.found(query) == ["CA2"], query
    assert board.found("車自行") == []
    assert board.marked("cafe hotel") == ["Café", "hôtel"]


def test_only_the_latest_revision_of_a_segment_is_found(board):
    board.say("CA1", "Is my boat ready?", segment_id="u-1")
    board.say("CA1", "Another one.", segment_id="u-2")
    assert board.found("boat") == ["CA1"]
    board.say("CA1", "Is my bike ready?", segment_id="u-1")
    assert search(board.db, board.ours, "boat", CallFilter(), 0, 20).calls == [], "not even before it is taken"
    assert (board.found("boat"), board.found("bike")) == ([], ["CA1"])
    board.say("CA1", "", segment_id="u-1")
    assert board.found("bike") == []
    board.say("CA1", "A bike", segment_id="u-3")
    board.say("CA1", "A kite", segment_id="u-3")
    assert (board.found("bike"), board.found("kite")) == ([], ["CA1"]), "both in one batch"


def test_calls_of_which_more_fits_stand_above_and_those_alike_the_newest_first(board):
    board.say("CA1", "bike one", "bike two", "bike three", "bike four")
    for n in (2, 3, 4):
        board.say(f"CA{n}", "a bike", *(["another bike"] if n == 3 else []))
    assert board.found("bike") == ["CA1", "CA3", "CA4", "CA2"]
    assert board.found("bike", skip=1, limit=2) == ["CA3", "CA4"]
    assert [board.search("bike", skip=skip, limit=2).has_more for skip in (0, 1, 2)] == [True, True, False]
    (first, *_) = board.search("bike").calls
    assert [match.entry.transcript.content for match in first.matches] == ["bike two", "bike three", "bike four"]


def test_nothing_of_another_organisation_is_found(board):
    board.say("CA1", "our bike")
    board.say("CA1", "their bike", organization_id=board.theirs)
    board.say("CA2", "their bike", organization_id=board.theirs)
    assert board.found("bike") == ["CA1"]
    for query in ("their", f"={board.theirs} their", f'"={board.theirs}"', f"{board.theirs}"):
        assert board.found(query) == []


def test_calls_are_filtered_as_lists_of_them_are(board):
    board.say("CA1", "a bike")
    board.say("CA2", "a bike")
    ended = Heard(organization_id=board.ours, call_sid="CA1", events=[StatusReported(status="completed", duration=30)])
    with write_transaction(board.db):
        record_all(board.db, [ended], clock=board.clock)
    assert board.found("bike", status="completed") == board.found("bike", min_duration=30) == ["CA1"]
    assert board.found("bike", status="in-progress") == ["CA2"]
    assert board.found("bike", number="555") == board.found("bike", direction="inbound") == []
    assert board.found("bike", date_from=1, date_to=board.now) == ["CA2", "CA1"]


@pytest.mark.parametrize(
    "query", ["", " ", "++", '"', "*", "a*", "x" * (MOST_CHARS + 1), "x" * 10_000, "a " * 99, "y" * 64]
)
def test_what_cannot_be_searched_for_is_refused_with_words(query):
    with pytest.raises(Refused) as refused:
        parse(query)
    assert (refused.value.code, refused.value.field) == ("invalid_query", "q")
    assert 20 < len(refused.value.message) < 100


WORDS = st.sampled_from(
    ["bike", "Bike,", "bíke", "bikes", "to", "TO", "do", "don't", "c++", "自行車", "0142", "NOT", "=1"]
)
TEXTS = st.lists(WORDS, max_size=6).map(" ".join)
PARTS = st.one_of(
    WORDS, WORDS.map(lambda w: w + "*"), TEXTS.map('"{}"'.format), st.sampled_from(HOSTILE), st.text(max_size=9)
)
CLEAN = settings(max_examples=60)


@CLEAN
@example(said=["a bike"], parts=["x" * 10_000])
@given(said=st.lists(TEXTS, max_size=4, unique=True), parts=st.lists(PARTS, min_size=1, max_size=4))
def test_what_is_found_is_what_a_reading_of_the_texts_finds(board, said, parts):
    with write_transaction(board.db):
        for table in ("entry", "status_change", '"call"'):
            board.db.execute_sql(f"DELETE FROM {table}")
    for n, text in enumerate(said):
        board.say(f"CA{n}", text)
    query = " ".join(parts).replace("\x00", "")
    try:
        asked = parse(query)
    except Refused:
        with pytest.raises(Refused):
            board.search(query)
        return
    fits = {f"CA{n}" for n, text in enumerate(said) if all(phrase.needle in folded(text) for phrase in asked.phrases)}
    found = board.search(query).calls
    assert {it.call.call_sid for it in found} == fits
    for match in (match for it in found for match in it.matches):
        content, spans = match.entry.transcript.content, match.marks
        assert spans == sorted(spans) and all(0 <= a < b <= len(content) for a, b in spans)
        words = " ".join(content[a:b] for a, b in spans)
        assert all(phrase.needle in folded(words) for phrase in asked.phrases)
