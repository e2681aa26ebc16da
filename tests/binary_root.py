"""A root with nothing in it but the C library and the one file of `make binary`, and its commands run in there."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from PyInstaller.archive.readers import CArchiveReader

from command_line import CommandLine
from log_reader import is_secret

C_LIBRARY = ("c", "dl", "m", "pthread", "resolv", "rt", "util")  # what a system that can run programs has of libc6
EVERYWHERE = (*(f"lib{name}.so" for name in C_LIBRARY), "ld-linux", "libz.so")  # dpkg itself needs libz
OLDEST_GLIBC = (2, 35)  # of Ubuntu 22.04; Debian 12 has 2.36
NOBODY = "65534:65534"  # the kernel needs no names of users


class Root:
    """Where not root, who cannot change roots, the file runs in this system's own, and `is_bare` is false."""

    def __init__(self, folder: Path, binary: Path):
        self.is_bare, self.data, self.tmp = os.geteuid() == 0, folder / "data", folder / "tmp"
        for made in (self.data, self.tmp):
            made.mkdir()
            made.chmod(0o1777)
        shutil.copy(binary, folder / "callboard")
        self.program, self.variables = [str(folder / "callboard")], {"TMPDIR": str(self.tmp)}
        if self.is_bare:
            for library in libraries(binary):
                copy = folder / library.relative_to("/")
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(library, copy)
            self.program = [shutil.which("chroot"), "--userspec", NOBODY, str(folder), "/callboard"]
            self.variables = {}
            folder.chmod(0o755)

    def path(self, name: str) -> str:
        """A file in `data`, as a command is told of it."""
        return f"/data/{name}" if self.is_bare else str(self.data / name)


class Binary(CommandLine):
    """The commands of the one file on a database in the root, in an environment that has nothing else."""

    def __init__(self, root: Root, database: str, port: int):
        super().__init__(f"sqlite:///{root.path(database)}")
        self._root, self.port, self.url = root, port, f"http://127.0.0.1:{port}"
        # there is no /etc/hosts that tells of localhost
        self.variables |= {"CALLBOARD_ADDRESS": "127.0.0.1", "CALLBOARD_PUBLIC_URL": self.url} | root.variables

    def start(self, *words: str, stdout: int = subprocess.PIPE, **variables: str) -> subprocess.Popen:
        is_secret(*(variables.get("CALLBOARD_" + name) for name in ("PASSWORD", "SECRET", "TOKEN")))
        return subprocess.Popen(
            [*self._root.program, *words],
            env=self.variables | variables,
            cwd="/",
            stdin=subprocess.PIPE,
            stdout=stdout,
            stderr=subprocess.PIPE,
            bufsize=0,
        )


def libraries(binary: Path) -> list[Path]:
    """What of this system the file may count on: of what `ldd` names, and of what is beside it, the C library."""
    told = subprocess.run(["ldd", binary], capture_output=True, text=True, check=True).stdout
    named = [Path(path) for path in re.findall(r"(/\S+) \(0x", told)]
    strange = [path for path in named if not path.name.startswith(EVERYWHERE)]
    assert not strange, f"a bare system has no {strange}"
    (libc,) = [path for path in named if path.name.startswith("libc.so")]
    beside = [path for name in C_LIBRARY for path in libc.parent.glob(f"lib{name}.so.?")]
    return [*{*named, *beside}]


def too_new(binary: Path, folder: Path) -> list[str]:
    """Each library in the file that needs a later C library than OLDEST_GLIBC, with the version that it needs."""
    archive = CArchiveReader(str(binary))
    found = []
    for name in (name for name, entry in archive.toc.items() if entry[-1] == "b"):
        library = folder / "library"
        library.write_bytes(archive.extract(name))
        told = subprocess.run(["readelf", "--wide", "-V", library], capture_output=True, text=True, check=True).stdout
        needed = re.findall(r"Name: GLIBC_([\d.]+)  Flags: (\w+)", told)
        versions = {tuple(map(int, version.split("."))) for version, flags in needed if flags != "WEAK"}
        if versions and max(versions) > OLDEST_GLIBC:
            found.append(f"{name}: {max(versions)}")
        library.unlink()
    return found
