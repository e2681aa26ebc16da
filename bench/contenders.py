"""Who is measured: how each is built or installed, and started. Everything made is in build/bench."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

BENCH = Path(__file__).parent
ROOT = BENCH.parent
BUILT = ROOT / "build" / "bench"
PEERS = BENCH / "peers"
PYTHON = BUILT / "venv" / "bin" / "python"  # the peers' own: they are no part of what Callboard needs
MODULES = BUILT / "node_modules"


class Server(NamedTuple):
    """A program that obeys peers/publishing.py's words."""

    name: str
    command: tuple[str | Path, ...]
    needs: Path  # not there: it is left out


SERVERS = {
    "ours": Server("Callboard", (sys.executable, BENCH / "ours.py"), Path(sys.executable)),
    "floor": Server("C: one send() each", (BUILT / "floor",), BUILT / "floor"),
    "fastapi": Server("FastAPI + uvicorn", (PYTHON, PEERS / "fastapi_server.py"), BUILT / "venv" / "installed"),
    "websockets": Server("websockets", (PYTHON, PEERS / "websockets_server.py"), BUILT / "venv" / "installed"),
    "tornado": Server("Tornado", (PYTHON, PEERS / "tornado_server.py"), BUILT / "venv" / "installed"),
    "node": Server("Node ws", ("node", PEERS / "node_ws.mjs"), MODULES / "ws"),
}


def environment(server: str) -> dict[str, str]:
    """What the server looks up beside its workload."""
    return {"PYTHONPATH": f"{ROOT}:{PEERS}"} if server == "ours" else {"BENCH_MODULES": f"{BUILT}/"}


def build() -> None:
    """Compile what is not there yet, or older than its source."""
    BUILT.mkdir(parents=True, exist_ok=True)
    compiler = os.environ.get("CC", "cc")
    for name, flags in (("load.c", []), ("floor.c", []), ("nullsend.c", ["-shared", "-fPIC", "-ldl"])):
        target = BUILT / (name.replace(".c", ".so") if "-shared" in flags else name.removesuffix(".c"))
        newest = max(path.stat().st_mtime for path in BENCH.glob("*.[ch]"))
        if not target.exists() or target.stat().st_mtime < newest:
            subprocess.run([compiler, "-O2", "-o", target, BENCH / name, *flags], check=True)


def prepare() -> None:
    """Build and install what is not there yet. What cannot be is named, and its servers are left out."""
    build()
    wanted, installed = PEERS / "requirements.txt", BUILT / "venv" / "installed"
    if not installed.exists() or installed.read_text() != wanted.read_text():
        installed.unlink(missing_ok=True)
        if _runs("the Python peers", *_python_commands(wanted)):
            installed.write_text(wanted.read_text())
    if not (MODULES / "ws").exists():
        _runs("Node ws", ["npm", "install", "--prefix", BUILT, "--no-audit", "--no-fund", "--silent", "ws@8"])


def left_out() -> list[str]:
    """The names of those that are not there."""
    return [server.name for server in SERVERS.values() if not server.needs.exists()]


def _python_commands(wanted: Path) -> list[list]:
    venv = BUILT / "venv"
    if shutil.which("uv"):
        making = ["uv", "venv", "-q", "--allow-existing", "--python", sys.executable, venv]
        return [making, ["uv", "pip", "install", "-q", "--python", PYTHON, "-r", wanted]]
    installing = ["-m", "pip", "--python", PYTHON, "install", "-q", "--disable-pip-version-check", "-r", wanted]
    base = os.environ.get("PYTHON", "python3")  # the one that has pip
    return [[base, "-m", "venv", "--without-pip", venv], [base, *installing]]


def _runs(what: str, *commands: list) -> bool:
    print(f"Installing {what} into {BUILT.relative_to(ROOT)}", file=sys.stderr)
    for command in commands:
        try:
            subprocess.run([str(word) for word in command], check=True, stdin=subprocess.DEVNULL)
        except (OSError, subprocess.CalledProcessError) as problem:
            print(f"left out: {what} ({problem})", file=sys.stderr)
            return False
    return True
