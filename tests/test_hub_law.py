"""The law: page at any cursor + replay + live = the whole call, whatever happens in between (tests/law.py)."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.law import PEOPLE, World, act, settle

PERSON = st.integers(0, PEOPLE - 1)
STEPS = (
    st.just(("nothing",)),  # so that a failing list of this length can still be made simple
    st.tuples(st.just("say"), st.integers(0, 5), st.integers(0, 3)),
    st.tuples(st.just("publish")),
    st.tuples(st.just("step"), PERSON, st.integers(1, 8)),
    st.tuples(st.just("step"), PERSON, st.just(8)),
    st.tuples(st.just("open"), PERSON, st.integers(0, 9)),
    st.tuples(st.sampled_from(["drop", "open_again", "lag", "wake"]), PERSON),
    st.tuples(st.just("interim"), st.integers(0, 5), st.integers(0, 3)),
    st.tuples(st.just("end")),
    st.tuples(st.just("tick"), st.sampled_from([0, 1, 6, 31])),
)
TURNS = st.tuples(st.just("turn"))
LOSSES = st.tuples(st.sampled_from(["lose", "repeat"]))


def keep_the_law(world: World, steps: list[tuple]) -> None:
    for step in steps:
        act(world, *step)
    settle(world)
    watching = [person for person in world.people if person.connection is not None]
    assert all(person.connection.has_ended or person.seen == len(world.log) for person in watching)
    world.end()
    settle(world)
    world.tick(31)
    settle(world)
    assert all(person.connection.has_ended for person in watching)


@settings(max_examples=150)
@given(st.lists(st.one_of(STEPS), min_size=30, max_size=80))
def test_page_and_replay_and_live_together_are_the_whole_call(steps):
    keep_the_law(World(), steps)


@settings(max_examples=200)
@given(st.lists(st.one_of(*STEPS, TURNS, TURNS), min_size=30, max_size=80))
def test_also_where_what_happens_in_one_turn_of_the_loop_leaves_together(steps):
    keep_the_law(World(turns=True), steps)


@settings(max_examples=150)
@given(st.lists(st.one_of(*STEPS, TURNS, LOSSES), min_size=30, max_size=80), st.booleans())
def test_also_where_commits_became_known_only_by_their_repeat(steps, turns):
    keep_the_law(World(turns=turns), steps)


def test_a_viewer_that_follows_gets_what_only_a_repeat_brought_to_light():
    world = World()
    act(world, "open", 2, 0)
    act(world, "step", 2, 8)
    world.say(0, 0)
    world.lose()
    assert world.people[2].seen == 0
    world.repeat()
    world.publish()
    act(world, "step", 2, 8)
    assert world.people[2].seen == 1
