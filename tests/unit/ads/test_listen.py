"""Where a server listens, and what stands in the way; tests/feature/test_ads_access.py shakes hands there."""

import socket
import stat
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import grpc
import pytest
import pytest_asyncio

from gatewayd.ads.listen import Certificates, ListenError, TlsListener, UnixListener, bind_tls, bind_unix, start_whole
from gatewayd.identity.certificates import Subject, issue, make_ca


@pytest_asyncio.fixture
async def server() -> AsyncIterator[grpc.aio.Server]:
    made = grpc.aio.server()
    yield made
    await made.stop(None)


@pytest.fixture
def folder() -> Iterator[Path]:
    """Return a directory whose path is short: that of a socket has few bytes."""
    with TemporaryDirectory() as made:
        yield Path(made)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def set_mode(path: Path, given: int) -> None:
    path.chmod(given)


async def test_a_socket_and_its_directory_are_its_owners_alone(server: grpc.aio.Server, folder: Path) -> None:
    path = folder / "made" / "for it" / "socket"
    assert bind_unix(server, UnixListener(path=path)) == f"unix:{str(path).replace(' ', '%20')}"
    assert (mode(path), mode(path.parent)) == (0o600, 0o700)


async def test_a_directory_that_is_closed_even_more_will_do(server: grpc.aio.Server, folder: Path) -> None:
    set_mode(folder, 0o300)
    bind_unix(server, UnixListener(path=folder / "socket"))
    assert mode(folder) == 0o300


@pytest.mark.parametrize("others", [0o755, 0o710, 0o701, 0o1700])
async def test_a_directory_that_others_can_reach_is_refused(server: grpc.aio.Server, folder: Path, others: int) -> None:
    set_mode(folder, others)
    with pytest.raises(ListenError, match=rf"mode {others:04o} of user \d+; 0700 of one's own is allowed"):
        bind_unix(server, UnixListener(path=folder / "socket"))


async def test_a_path_is_as_long_as_a_socket_allows(server: grpc.aio.Server, folder: Path) -> None:
    longest = folder / ("x" * (107 - len(str(folder)) - 1))
    bind_unix(server, UnixListener(path=longest))
    with pytest.raises(ListenError, match="longer than 107 bytes; sockets allow no more"):
        bind_unix(server, UnixListener(path=longest.with_name(f"{longest.name}x")))


async def test_what_is_no_socket_is_left_alone(server: grpc.aio.Server, folder: Path) -> None:
    path = folder / "file"
    path.write_text("precious")
    with pytest.raises(ListenError, match="not a socket; an unused path is allowed"):
        bind_unix(server, UnixListener(path=path))
    assert path.read_text() == "precious"


async def test_a_socket_on_which_somebody_listens_is_left_alone(server: grpc.aio.Server, folder: Path) -> None:
    path = folder / "socket"
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(path))
        other.listen()
        with pytest.raises(ListenError, match="in use; one server for each socket is allowed"):
            bind_unix(server, UnixListener(path=path))


async def test_a_socket_that_is_left_from_a_crash_is_taken_over(server: grpc.aio.Server, folder: Path) -> None:
    path = folder / "socket"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    bind_unix(server, UnixListener(path=path))
    await start_whole(server)
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))


async def test_a_port_that_is_taken_is_told(server: grpc.aio.Server) -> None:
    now = datetime.now(UTC)
    authority = make_ca(now)
    own = issue(authority, Subject(common_name="a", dns_names=("localhost",), uris=()), now)
    shown = Certificates(chain=own.certificate, key=bytes(own.key), client_authorities=authority.certificate)
    address = bind_tls(server, TlsListener(host="127.0.0.1", port=0, certificates=lambda: shown))
    host, _, port = address.rpartition(":")
    assert (host, int(port) > 0) == ("127.0.0.1", True)
    assert b"PRIVATE" not in repr(shown).encode()
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = TlsListener(host="127.0.0.1", port=other.getsockname()[1], certificates=lambda: shown)
        with pytest.raises(ListenError, match=rf"^127.0.0.1:{taken.port}: cannot listen; "):
            bind_tls(server, taken)
