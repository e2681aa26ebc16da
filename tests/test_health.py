"""GET /healthz and /readyz: whether the server is alive, and whether it can serve."""

import json
import threading

import pytest

from events import Unavailable
from handlers import checkup
from models.database import execute


async def asked(house, path):
    answer = await house.fetch("GET", path, key=None)
    assert answer.headers["Content-Type"].startswith("application/json")
    return answer.code, json.loads(answer.body)


async def away(*_):
    raise Unavailable("The database does not answer just now.")


async def test_a_server_that_serves_is_alive_and_ready(either_house):
    assert await asked(either_house, "/healthz") == (200, {"status": "ok"})
    assert await asked(either_house, "/readyz") == (200, {"status": "ready"})


async def test_a_server_that_stops_is_alive_and_not_ready(house):
    house.services.gate.is_closing = True
    assert await asked(house, "/healthz") == (200, {"status": "ok"})
    assert await asked(house, "/readyz") == (503, {"status": "not_ready", "reason": "stopping"})


async def test_a_server_whose_database_is_away_is_alive_and_not_ready(house, monkeypatch):
    monkeypatch.setattr(house.store, "read", away)
    assert await asked(house, "/healthz") == (200, {"status": "ok"})
    assert await asked(house, "/readyz") == (503, {"status": "not_ready", "reason": "database_unavailable"})
    assert (await house.fetch("GET", "/readyz", key=None)).headers["Retry-After"] == "1"
    monkeypatch.undo()
    assert await asked(house, "/readyz") == (200, {"status": "ready"})


async def test_whatever_goes_wrong_is_no_reason_to_say_more(house, monkeypatch):
    async def broken(*_):
        raise RuntimeError("the innermost")

    monkeypatch.setattr(house.store, "read", broken)
    assert await asked(house, "/readyz") == (503, {"status": "not_ready", "reason": "database_unavailable"})
    assert await house.services.checkup.vitals() is None


async def test_a_database_that_lacks_tables_is_not_ready(either_house):
    forget = "DELETE FROM schema_migration WHERE name = (SELECT MAX(name) FROM schema_migration)"
    await either_house.store.write(lambda db: execute(db, forget).rowcount)
    assert await asked(either_house, "/readyz") == (503, {"status": "not_ready", "reason": "database_not_migrated"})


async def test_a_database_that_hangs_is_waited_for_briefly_and_asked_once_at_a_time(house, monkeypatch):
    let_go, times = threading.Event(), []

    def hang(db):
        times.append(db)
        assert let_go.wait(30)
        return True

    monkeypatch.setattr(checkup, "WAIT_S", 0.05)
    monkeypatch.setattr(house.services.checkup, "_is_migrated", checkup.Question(house.store, hang))
    try:
        for _ in range(5):
            assert await asked(house, "/readyz") == (503, {"status": "not_ready", "reason": "database_unavailable"})
        assert len(times) == 1
    finally:
        let_go.set()
    while (await asked(house, "/readyz"))[0] != 200:
        pass


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
async def test_health_is_asked_with_get_only_and_needs_no_key(house, path):
    assert (await house.fetch("GET", path, key="cb_wrong_key")).code == 200
    answer = await house.fetch("DELETE", path)
    assert (answer.code, answer.headers["Allow"]) == (405, "GET")
