"""Certificates for servers of the loopback address, made for a test and trusted by nobody else."""

import ssl
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

CURVE = ("-pkeyopt", "ec_paramgen_curve:prime256v1")


class Certificate(NamedTuple):
    """The files, as PEM; each the issuer of itself."""

    certificate: Path
    key: Path

    @property
    def client_context(self) -> ssl.SSLContext:
        """Of a client that trusts this certificate and no other."""
        return ssl.create_default_context(cafile=str(self.certificate))


def make_certificate(folder: Path) -> Certificate:
    """For `localhost` and 127.0.0.1."""
    made = Certificate(folder / "certificate.pem", folder / "key.pem")
    names = ("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1")
    new = ("req", "-x509", "-newkey", "ec", *CURVE, "-nodes", "-days", "2")
    openssl(*new, *names, "-keyout", made.key, "-out", made.certificate)
    return made


def openssl(*words: Any) -> None:
    subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True, timeout=60)
