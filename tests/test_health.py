"""GET /healthz: whether the server is well."""

import json

from events import Unavailable


async def test_a_server_that_serves_is_well(either_house):
    answer = await either_house.fetch("GET", "/healthz", key=None)
    assert (answer.code, json.loads(answer.body)) == (200, {"status": "ok"})
    assert answer.headers["Content-Type"].startswith("application/json")


async def test_a_server_that_stops_is_not(house):
    house.services.gate.is_closing = True
    answer = await house.fetch("GET", "/healthz", key=None)
    assert (answer.code, json.loads(answer.body)) == (503, {"status": "stopping"})


async def test_a_server_whose_database_is_away_is_not(house, monkeypatch):
    async def away(*_):
        raise Unavailable("The database does not answer just now.")

    monkeypatch.setattr(house.store, "read", away)
    answer = await house.fetch("GET", "/healthz", key=None)
    assert (answer.code, answer.headers["Retry-After"]) == (503, "1")
    assert json.loads(answer.body)["error"]["code"] == "unavailable"


async def test_health_is_asked_with_get_only_and_needs_no_key(house):
    assert (await house.fetch("GET", "/healthz", key="cb_wrong_key")).code == 200
    answer = await house.fetch("DELETE", "/healthz")
    assert (answer.code, answer.headers["Allow"]) == (405, "GET")
