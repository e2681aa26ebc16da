"""The Deepgram streams of one call: which one a message is of, where in the call it lies, who is on its channels."""

import msgspec
from msgspec.structs import replace

from events import SECOND, Speaker, Transcript
from sources.deepgram_payload import Payload
from sources.deepgram_results import Line, stream_ended
from sources.deepgram_turns import Turns
from sources.deepgram_windows import Windows

KEPT = 4  # of each voice; the older ones are over, and what they said is stored
FORGOTTEN = 32  # connections whose messages are repeats
NAMELESS = "-"  # and a number: a connection whose messages tell no request_id


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """Who is on which channel, where there are several, and which of the voices that `diarize` tells apart, where there
    is one channel. The address's `?speaker=` goes before both. A connection that tells nothing is channel 0."""

    channel_0: Speaker = "user"
    channel_1: Speaker = "assistant"
    voice_0: Speaker = "user"
    voice_1: Speaker = "assistant"

    def channel(self, index: int) -> Speaker:
        return self.channel_1 if index == 1 else self.channel_0

    def voice(self, index: int) -> Speaker:
        return self.voice_1 if index == 1 else self.voice_0


class Connection(msgspec.Struct, frozen=True, omit_defaults=True):
    """One stream, from its first audio to its end."""

    offset: float = 0.0  # s from the answer
    speaker: Speaker | None = None  # the only one, where the address says so
    is_over: bool = False
    end: float = 0.0  # s, as far as it was heard
    channels: dict[str, Windows] = {}  # msgspec copies the default
    turns: Turns = Turns()

    def line(self, name: str, channel: int, config: Config) -> Line:
        def speaker_of(voice: int | None) -> Speaker:
            return self.speaker or (config.channel(channel) if voice is None else config.voice(voice))

        return Line(f"{name}:{channel}", self.offset, speaker_of)

    def closed(self, name: str, config: Config) -> tuple[list[Transcript], "Connection"]:
        """Over: what it holds is complete, and what it shows is taken back."""
        events, channels = [], {}
        for channel, windows in self.channels.items():
            said, channels[channel] = stream_ended(windows, self.line(name, int(channel), config))
            events += said
        if self.turns.shown is not None:
            events.append(
                Transcript(
                    segment_id=f"{name}:t{self.turns.shown}",
                    speaker=self.speaker or config.channel_0,
                    content="",
                    is_final=False,
                    revision=self.turns.sequence + 1,
                )
            )
        turns = replace(self.turns, shown=None)
        return events, replace(self, is_over=True, channels=channels, turns=turns)


class State(msgspec.Struct, frozen=True):
    """What one call has seen. It holds the words of what is not complete."""

    is_announced: bool = False
    held: int = 0  # grows with each change of the words it holds
    origin: int | None = None  # µs, the answer, as far as a connection's `created` tells it
    connections: dict[str, Connection] = {}  # by request_id, in order of appearance
    forgotten: tuple[str, ...] = ()  # names of older ones


def with_connection(state: State, name: str, now: Connection) -> State:
    was = state.connections.get(name)
    is_held = _words(was) != _words(now)
    return replace(state, connections=state.connections | {name: now}, held=state.held + is_held)


def _words(connection: Connection | None) -> list[tuple]:
    return [windows.kept for windows in connection.channels.values() if windows.kept] if connection else []


def current(payload: Payload, state: State) -> str | None:
    """The connection that a message is of: the one it names, else the newest of its voice that goes on."""
    if payload.request_id is not None:
        return payload.request_id if payload.request_id in state.connections else None
    names = [n for n, c in state.connections.items() if c.speaker == payload.speaker and not c.is_over]
    return names[-1] if names else None


def connected(payload: Payload, state: State, config: Config) -> tuple[list[Transcript], str, State]:
    """The connection that a message is of, which is made where it is new; it then takes the place of the one before it
    of the same voice, of which nothing more is waited for."""
    name = current(payload, state) or payload.request_id or f"{NAMELESS}{len(state.connections) + len(state.forgotten)}"
    if name in state.connections:
        return [], name, state
    older = {n: c for n, c in state.connections.items() if c.speaker == payload.speaker}
    offset = max((connection.offset + connection.end for connection in older.values()), default=0.0)
    if payload.created_at is not None and state.origin is not None:
        offset = max(0, payload.created_at - state.origin) / SECOND
    if payload.offset is not None:
        offset = payload.offset
    if payload.created_at is not None and state.origin is None:
        state = replace(state, origin=payload.created_at - round(offset * SECOND))
    events: list[Transcript] = []
    for other, connection in older.items():
        if not connection.is_over:
            said, over = connection.closed(other, config)
            events += said
            state = with_connection(state, other, over)
    forgotten = list(older)[: max(0, len(older) + 1 - KEPT)]
    connections = {n: c for n, c in state.connections.items() if n not in forgotten}
    connections[name] = Connection(offset=offset, speaker=payload.speaker)
    forgotten = (*state.forgotten, *forgotten)[-FORGOTTEN:]
    return events, name, replace(state, connections=connections, forgotten=forgotten)
