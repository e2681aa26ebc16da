"""The echo server that conformance suites are pointed at."""

import asyncio
import sys
from pathlib import Path

import websockets

from handlers import conformance
from patience import PATIENCE_S
from tests.run_conformance import faults, table


async def test_the_echo_server_returns_text_and_bytes_of_any_size_it_allows():
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "handlers.conformance", "0"),
        cwd=Path(conformance.__file__).parents[1],
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        address = (await process.stdout.readline()).decode().removeprefix("listening on ").strip()
        async with websockets.connect(address, max_size=None, compression=None, open_timeout=PATIENCE_S) as client:
            assert not client.protocol.extensions
            for message in ("", "héllo", b"", b"\xff", b"x" * conformance.MAX_MESSAGE_BYTES):
                await client.send(message)
                assert await client.recv() == message
        async with websockets.connect(address, open_timeout=PATIENCE_S) as client:
            assert [extension.name for extension in client.protocol.extensions] == ["permessage-deflate"]
            await client.send("x" * 100_000)
            assert await client.recv() == "x" * 100_000
    finally:
        process.terminate()
        await process.wait()


def case(behaviour: str = "OK", close: str = "OK") -> dict:
    return {"behavior": behaviour, "behaviorClose": close}


def test_a_run_is_well_only_where_cases_were_run_and_none_failed():
    assert faults({}) == ["no case was run"]
    well = {"1.1": case(), "6.2.1": case("NON-STRICT"), "7.1": case("INFORMATIONAL"), "13.1": case("UNIMPLEMENTED")}
    assert faults(well) == []
    ill = {"1.1": case("FAILED"), "2.1": case(close="FAILED"), "6.4.1": case("NON-STRICT"), "9.1": case("unheard of")}
    found = ["case 1.1: FAILED", "case 2.1: FAILED", "case 6.4.1: NON-STRICT", "case 9.1: unheard of"]
    assert sorted(faults(well | ill)) == found


def test_the_table_counts_each_case_once():
    cases = {"1.1": case(), "1.2": case(close="FAILED"), "10.1": case("unheard of"), "2.1": case("NON-STRICT")}
    counts = [line.split() for line in table(cases)]
    assert counts[0][0:3] == ["section", "cases", "OK"]
    assert counts[1:] == [
        ["1", "2", "1", "0", "0", "0", "1"],
        ["2", "1", "0", "1", "0", "0", "0"],
        ["10", "1", "0", "0", "0", "0", "1"],
        ["all", "4", "1", "1", "0", "0", "2"],
    ]
