"""Who knocks at the addresses of access_table.py, with what, and what none of them may find in an answer."""

import asyncio
import json
import shutil
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from access_table import Row
from access_world import CANARY, People, everything, plain, settle, statements, stored
from house import House, open_house

UNKNOWN_KEY = "cb_AAAAAAAA_" + "B" * 32
NO_KEY = (401, "authentication_failed")


class World(NamedTuple):
    house: House
    people: People
    file: str

    async def send(self, row: Row, path: str = "", *, body: Any = None, **headers: str) -> Any:
        """The answer to the row's request; `path` and `body` in place of the row's."""
        given = row.body if body is None else body
        return await self.house.fetch(row.method, path or row.path, given, key=None, headers=headers)


@pytest.fixture(scope="session", name="settled")
def settled_world(tmp_path_factory) -> tuple[Path, People]:
    """The database to begin with, made once: five passwords are slow to hash."""
    path = tmp_path_factory.mktemp("world") / "board.db"

    async def make() -> People:
        async with open_house(f"sqlite:///{path}") as house:
            return await settle(house)

    return path, asyncio.run(make())


@pytest.fixture(name="world")
def opened_world(io_loop, sqlite_url, settled):
    template, people = settled
    file = sqlite_url.removeprefix("sqlite:///")
    shutil.copy(template, file)
    opened = open_house(sqlite_url)
    house = io_loop.run_sync(opened.__aenter__)
    house.furniture = people.furniture
    for _ in range(2):  # its first looks for deleted calls ask more than those that follow
        io_loop.run_sync(house.services.erasing.poll)
    yield World(house, people, file)
    io_loop.run_sync(lambda: opened.__aexit__(None, None, None))


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def useless_keys(people: People) -> dict[str, str]:
    """What stands where a key does and is none (any more)."""
    wrong = {
        "malformed": "not a key",
        "unknown": UNKNOWN_KEY,
        "of a known prefix": people.furniture.key[:12] + "B" * 32,
    }
    ended = {name: people.keys[name] for name in ("expired", "revoked", "deactivated")}
    return wrong | ended | {"a session's token": people.sessions["administrator"]}


def error_of(answer: Any) -> tuple[int, str]:
    return answer.code, json.loads(answer.body)["error"]["code"]


def check_stranger(answer: Any, *shown: str) -> None:
    """Nothing of ours is in it, nor the caller's own token, and it may not be told on in a `Referer`."""
    text = everything(answer)
    assert CANARY not in text
    assert not [token for token in shown if len(token) >= 20 and token.lower() in text]
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def check_foreign(world: World, row: Row, ask: Any, own: int) -> None:
    """A stranger with every right elsewhere: `ask(path)` is answered as for what does not exist, by the same
    statements; or, where everyone has their own, `own` is the status and nothing of ours is told or changed."""
    if row.unknown is None:
        before = stored(world.file, only_ours=True)
        answer = await ask(row.path)
        assert answer.code == own, answer.body
        check_stranger(answer)
        assert stored(world.file, only_ours=True) == before
        return
    before = stored(world.file)
    await world.house.services.gate.poll()  # else it may notice in between that rights have changed
    await ask(row.unknown)  # from now on the caller is known
    with statements(world.house) as for_unknown:
        unknown = await ask(row.unknown)
    with statements(world.house) as for_foreign:
        foreign = await ask(row.path)
    assert foreign.code == 404
    check_stranger(foreign)
    assert plain(foreign, row.path) == plain(unknown, row.unknown)
    assert for_foreign == for_unknown and for_foreign
    assert stored(world.file) == before
