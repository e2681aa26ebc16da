"""Every hot question goes by an index and touches as much in a big database as in a small one (`make plans`: 10⁷)."""

from types import SimpleNamespace

import pytest

from models.database import execute, is_sqlite, migrate, open_database
from tests.plans.filling import fill
from tests.plans.measuring import has_grown, measure
from tests.plans.questions import QUESTIONS, Question

SMALL, ROWS = 5_000, 20_000


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def databases(request, tmp_path_factory):
    """A small and a big one of each kind."""
    folder = tmp_path_factory.mktemp("plans")
    opened = []
    for rows in (SMALL, ROWS):
        if request.param == "sqlite":
            url = f"sqlite:///{folder}/{rows}.db"
        else:
            url = request.getfixturevalue("module_postgres_database")()
        db = open_database(url)
        db.connect()
        migrate(db)
        fill(db, rows)
        if not is_sqlite(db):
            for way in ("seqscan", "mergejoin", "hashjoin"):  # with so few rows they are right: is there another?
                db.execute_sql(f"SET enable_{way} = off")
        opened.append(db)
    yield SimpleNamespace(small=opened[0], big=opened[1])
    for db in opened:
        db.close()


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.name)
def test_a_hot_question_goes_by_an_index_and_does_not_grow(databases, question):
    small, big = measure(databases.small, question, SMALL), measure(databases.big, question, ROWS)
    assert big.full_scans == []
    assert question.grows or not has_grown(small, big), (small, big)


def test_a_question_without_an_index_is_found_out(databases):
    bad = Question("by content", lambda db, number: execute(db, "SELECT id FROM entry WHERE content = 'x'").fetchall())
    small, big = measure(databases.small, bad, SMALL), measure(databases.big, bad, ROWS)
    assert big.full_scans and has_grown(small, big)
