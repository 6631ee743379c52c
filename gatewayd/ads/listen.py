"""Where the server listens: a Unix socket of one user, or TCP with mutual TLS.

In: listeners as values. Out: the bound address. Raises ListenError, which says what is in the way.
"""

import asyncio
import os
import socket
import stat
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import grpc

_PRIVATE_DIRECTORY = 0o700
_PRIVATE_SOCKET = 0o600
_LONGEST_PATH = 107  # bytes, sun_path of Linux without the final NUL


class ListenError(Exception):
    """An address cannot be listened on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificates:
    """What the server shows and whom it believes, each PEM: its chain and key, the authorities of the clients."""

    chain: bytes
    key: bytes = field(repr=False)
    client_authorities: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class UnixListener:
    """A socket that only its owner can reach; the directory is made with mode 0700 when it does not exist."""

    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsListener:
    """TCP with mutual TLS; port 0: any free one.

    `certificates` is asked before every handshake, from a thread of gRPC: it must return at once, and may return
    another value than before.
    """

    host: str
    port: int
    certificates: Callable[[], Certificates]


def bind_unix(server: grpc.aio.Server, listener: UnixListener) -> str:
    """Bind the socket and return its address, `unix:PATH`."""
    path = listener.path.absolute()
    if len(os.fsencode(path)) > _LONGEST_PATH:
        raise ListenError(f"{path}: longer than {_LONGEST_PATH} bytes; sockets allow no more")
    _make_private(path.parent)
    _refuse_if_served(path)
    address = f"unix:{quote(str(path))}"
    try:
        server.add_insecure_port(address)
    except RuntimeError as error:
        raise ListenError(f"{path}: cannot listen; {error}") from error
    path.chmod(_PRIVATE_SOCKET)
    return address


def bind_tls(server: grpc.aio.Server, listener: TlsListener) -> str:
    """Bind the port and return its address, `HOST:PORT`."""
    address = f"{listener.host}:{listener.port}"
    try:
        port = server.add_secure_port(address, _credentials(listener.certificates))
    except RuntimeError as error:
        raise ListenError(f"{address}: cannot listen; {error}") from error
    return f"{listener.host}:{port}"


def _credentials(certificates: Callable[[], Certificates]) -> grpc.ServerCredentials:
    """Return credentials that demand a client certificate and follow the source when it changes."""
    shown = certificates()

    def changed() -> grpc.ServerCertificateConfiguration | None:
        nonlocal shown
        current = certificates()
        if current == shown:
            return None
        shown = current
        return _configuration(current)

    return grpc.dynamic_ssl_server_credentials(_configuration(shown), changed, require_client_authentication=True)


def _configuration(certificates: Certificates) -> grpc.ServerCertificateConfiguration:
    """Say it in gRPC's words."""
    return grpc.ssl_server_certificate_configuration(
        [(certificates.key, certificates.chain)], root_certificates=certificates.client_authorities
    )


def _make_private(directory: Path) -> None:
    """Make a directory of mode 0700, or check that an existing one is as private."""
    directory.mkdir(mode=_PRIVATE_DIRECTORY, parents=True, exist_ok=True)
    found = directory.stat()
    mode = stat.S_IMODE(found.st_mode)
    if found.st_uid != os.geteuid() or mode & ~_PRIVATE_DIRECTORY:
        raise ListenError(f"{directory}: mode {mode:04o} of user {found.st_uid}; 0700 of one's own is allowed")


def _refuse_if_served(path: Path) -> None:
    """Raise when another process listens on the socket; a file that nobody listens on is left from a crash."""
    if not path.exists():
        return
    if not path.is_socket():
        raise ListenError(f"{path}: not a socket; an unused path is allowed")
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            return
    raise ListenError(f"{path}: in use; one server for each socket is allowed")


async def start_whole(server: grpc.aio.Server) -> None:
    """Start a server; who is cancelled meanwhile is so when it has started, since grpc cannot stop half a one."""
    starting = asyncio.ensure_future(server.start())
    try:
        await asyncio.shield(starting)
    finally:
        await asyncio.wait({starting})
