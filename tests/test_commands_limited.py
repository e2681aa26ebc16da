"""What `watch` and the others do where the server lets nobody in just now: they wait as told, and come again."""

import pytest

from commands.reconnecting import Attempts, Lost, Refused, connected, persist
from strangers import WRONG_KEY, knock, stop_the_clock


async def test_429_means_to_come_again_after_what_the_server_asks(open_furnished):
    async with open_furnished(attempts_per_address=2) as house:
        clock = stop_the_clock(house)
        for _ in range(2):
            await knock(house, "/live-calls", key=WRONG_KEY)
        url = "ws" + house.server.own_url.removeprefix("http") + "/live-calls"
        with pytest.raises(Lost) as lost:
            async with connected(url, house.key):
                raise AssertionError("it was let in")
        assert lost.value.error == {"error": "http", "retry_after": 30}
        assert Attempts(jitter=lambda: 0.0).delay(lost.value) == 30
        clock.at += 29  # which leaves it one second
        notes = []

        async def visit(attempts):
            async with connected(url, house.key) as connection:
                assert "connection_established" in await connection.read_message()

        def note(text):
            notes.append(text)
            clock.at += 1

        await persist(visit, note)
        assert len(notes) == 1 and notes[0].startswith("The server answers 429; trying again in 1.")


async def test_other_refusals_of_the_handshake_are_for_good(open_furnished):
    async with open_furnished() as house:
        url = "ws" + house.server.own_url.removeprefix("http") + "/nowhere"
        with pytest.raises(Refused, match="404"):
            async with connected(url, house.key):
                raise AssertionError("it was let in")
