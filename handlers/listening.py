"""Where the server listens, and with which certificate."""

import socket
import ssl

from tornado.netutil import bind_sockets

from handlers.kernel_buffers import bounded


class CannotListen(Exception):
    """An address or a certificate that cannot be used; the message is one line and names the setting."""


def listen(address: str, port: int, *, named: str = "--address, --port") -> list[socket.socket]:
    """Bound sockets, one for each address of that name; `named` are the settings. Raises CannotListen."""
    try:
        return [bounded(each) for each in bind_sockets(port, address, backlog=1024)]
    except (OSError, ValueError) as problem:  # ValueError: not even a name
        where, why = f"{address!r}, port {port}", getattr(problem, "strerror", None) or problem
        raise CannotListen(f"{named}: cannot listen on {where}: {why}") from None


def tls_context(certificate: str, key: str) -> ssl.SSLContext | None:
    """TLS 1.2 or newer with the certificate and key in these files; None where there is none. Raises CannotListen."""
    if not certificate:
        return None
    for named, path in (("--tls-certificate", certificate), ("--tls-key", key)):
        try:
            with open(path):  # ssl would not tell which of them cannot be read
                pass
        except (OSError, ValueError) as problem:  # ValueError: no path at all
            why = getattr(problem, "strerror", None) or problem
            raise CannotListen(f"{named}: {path!r} cannot be read: {why}") from None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(certificate, key, password="")  # "": ask nobody for one
    except (OSError, ValueError) as problem:  # ssl.SSLError is an OSError; ValueError: no passphrase is this short
        reason = (getattr(problem, "reason", None) or "").lower().replace("_", " ")
        says = "must be a certificate and its key, PEM, no passphrase"
        raise CannotListen(f"--tls-certificate, --tls-key: {says}{reason and f' ({reason})'}") from None
    return context


def own_url(listening: socket.socket, scheme: str) -> str:
    """What leads here from this machine, whatever the server is called by others."""
    host, port = listening.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"
