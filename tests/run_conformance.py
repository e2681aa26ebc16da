"""`make conformance`: Autobahn's cases, run by kosoku against the echo server, and what came of each section."""

import argparse
import json
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from pathlib import Path
from typing import IO

HOME = Path(__file__).parent.parent
RUN_S = 45 * 60  # everything takes ten minutes of a machine that does little else; a case that hangs is not waited for
BEHAVIOURS = ("OK", "NON-STRICT", "INFORMATIONAL", "UNIMPLEMENTED")
COMPRESSION = ("12.*", "13.*")


def faults(cases: dict[str, dict]) -> list[str]:
    """What is wrong with the results (kosoku's, by case), a line each; nothing may have failed, nor be missing."""
    found = [] if cases else ["no case was run"]
    for name, case in cases.items():
        for behaviour in {case["behavior"], case["behaviorClose"]}:
            is_late = behaviour == "NON-STRICT" and name.startswith("6.4.")  # bad text must fail at once
            if behaviour not in BEHAVIOURS or is_late:
                found.append(f"case {name}: {behaviour}")
    return found


def table(cases: dict[str, dict]) -> list[str]:
    """A line for each section of the suite: how many cases, and how many of each outcome."""
    sections: dict[str, Counter] = defaultdict(Counter)
    for name, case in cases.items():
        is_well = {case["behavior"], case["behaviorClose"]} <= set(BEHAVIOURS)
        sections[name.partition(".")[0]][case["behavior"] if is_well else "FAILED"] += 1
    columns = (*BEHAVIOURS, "FAILED")
    lines = ["section  cases" + "".join(f"  {column:>13}" for column in columns)]
    rows = sorted(sections.items(), key=lambda each: int(each[0]))
    for section, outcomes in (*rows, ("all", sum(sections.values(), Counter()))):
        lines.append(f"{section:>7}  {outcomes.total():>5}" + "".join(f"  {outcomes[c]:>13}" for c in columns))
    return lines


def run(left_out: tuple[str, ...], report: Path, complaints: IO[str]) -> list[str]:
    """Run the suite and print its table; what was wrong. `complaints` takes what the server says of errors."""
    words = [sys.executable, "-m", "handlers.conformance", "0"]
    server = subprocess.Popen(words, cwd=HOME, text=True, stdout=subprocess.PIPE, stderr=complaints)
    try:
        address = server.stdout.readline().strip().removeprefix("listening on ws://").rstrip("/")
        flags = [word for cases in left_out for word in ("-x", cases)]
        kosoku = Path(sys.executable).with_name("kosoku")
        status = subprocess.run([kosoku, *flags, "-p", "2", "-o", report, address], timeout=RUN_S).returncode
        found = [] if server.poll() is None else ["the server ended"]
    except subprocess.TimeoutExpired:
        return [f"not done within {RUN_S} s"]
    finally:
        server.terminate()
        server.communicate()
    complaints.seek(0)
    if said := complaints.read():
        found.append(f"the server complained:\n{said}")
    index = report / "index.json"
    (cases,) = json.loads(index.read_text()).values() if index.exists() else [{}]
    print("\n".join(table(cases)))
    found += faults(cases)
    return found if found or status == 0 else [f"kosoku ended with {status}"]


def main() -> int:
    """0 where all is well."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="?", choices=("all", "core"), default="all", help="core: without compression")
    parser.add_argument("--report", type=Path, help="folder for the report of each case; otherwise none is kept")
    options = parser.parse_args()
    left_out = COMPRESSION if options.cases == "core" else ()
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile("w+") as complaints:
        found = run(left_out, options.report or Path(folder), complaints)
    print("\n".join(found) or "conformance: all well")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
