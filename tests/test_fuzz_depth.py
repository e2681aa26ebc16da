"""JSON nested about as deep as the interpreter's stack: Hypothesis raises that limit, so that no property meets it."""

import sys

LIMIT = sys.getrecursionlimit()


async def test_a_ping_with_an_id_of_any_depth_is_answered_and_the_connection_lives(house):
    await house.say("CA1", "s1", "Hello")
    depths = [1, 30, *range(LIMIT - 40, LIMIT + 20), 2 * LIMIT]
    answers = {}
    async with house.watch("CA1") as viewer:
        await viewer.history()
        for depth in depths:
            await viewer.send('{"type":"ping","id":' + "[" * depth + "]" * depth + "}")
            answers[depth] = await viewer.socket.recv()
    pongs = [depth for depth in depths if '"type":"pong"' in answers[depth]]
    assert pongs == depths[: len(pongs)] and 2 <= len(pongs) < len(depths)
    assert all('"error":"invalid_message"' in answers[depth] for depth in depths[len(pongs) :])


async def test_a_body_of_any_depth_is_refused_by_a_word_and_not_by_a_failure(house):
    for path, sound in (("/api/v1/tickets", 201), ("/api/v1/calls", 201)):
        for depth in (30, LIMIT, 20 * LIMIT):
            body = '{"call_sid":"CA1","x":' + "[" * depth + "]" * depth + "}"
            answer = await house.fetch("POST", path, body)
            assert answer.code == (sound if depth == 30 else 400), (path, depth, answer.body[:200])
