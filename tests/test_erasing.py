"""A server's look for deleted calls: whenever they were deleted, and whatever fails, what it holds of them goes."""

import pytest

from events import Transcript, Unavailable
from handlers.erasing import Erasing
from handlers.history import History
from hub import Hub
from models import erasing
from pipeline import Pipeline


class Node:
    """As much of a server as holds something of calls, on a store; nothing is looked for but by its `poll`."""

    def __init__(self, house):
        self._house, self.hub = house, Hub(clock=house.store.clock)
        self.pipeline = Pipeline(house.store, self.hub)
        self.poll = Erasing(house.store, self.hub, self.pipeline, History()).poll

    async def hear(self) -> int:
        """Something of a call, whose number this is."""
        said = Transcript(segment_id="s-1", speaker="user", content="words")
        recorded = await self.pipeline.hear(self._house.organization_id, "CA-doomed", [said])
        return recorded.call.id

    async def erase(self, call_id: int) -> None:
        """As another process does."""
        await self._house.store.write(erasing.erase, self._house.store.clock(), [call_id])


@pytest.mark.parametrize("looked_before", [False, True])
async def test_a_call_that_is_deleted_is_forgotten_also_before_the_first_look(house, looked_before: bool):
    node = Node(house)
    if looked_before:
        await node.poll()
    call_id = await node.hear()
    await node.erase(call_id)
    assert node.pipeline.call_ids() == {call_id}
    await node.poll()
    assert not node.pipeline.call_ids()


async def test_what_could_not_be_asked_is_asked_again(house, monkeypatch):
    node = Node(house)
    await node.poll()
    call_id = await node.hear()
    await node.erase(call_id)

    def gone(*_):
        raise Unavailable("away")

    with monkeypatch.context() as away:
        away.setattr(erasing, "gone", gone)
        await node.poll()
    assert node.pipeline.call_ids() == {call_id}
    await node.poll()
    assert not node.pipeline.call_ids()


async def test_news_that_was_on_the_way_is_forgotten_with_the_next_look(house):
    node = Node(house)
    call_id = await node.hear()
    held = dict(node.pipeline._calls)
    await node.erase(call_id)
    await node.poll()
    node.pipeline._calls.update(held)
    await node.poll()
    assert not node.pipeline.call_ids()
