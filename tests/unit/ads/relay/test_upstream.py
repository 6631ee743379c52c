"""The channel to a control plane; tests/feature/test_node_identity.py has one speak over it."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import grpc
import pytest
import pytest_asyncio

from gatewayd.ads.listen import Certificates, TlsListener, bind_tls
from gatewayd.ads.relay.upstream import ControlPlaneChannel, RemoteControlPlane
from gatewayd.identity.certificates import KeyPair, Subject, issue, make_ca

NOW = datetime.now(UTC)
CA = make_ca(NOW)
DEADLINE = 10.0


def pair(authority: KeyPair = CA) -> KeyPair:
    return issue(authority, Subject(common_name="a", dns_names=("control-plane",), uris=()), NOW)


def write(folder: Path, shown: KeyPair, authority: KeyPair = CA) -> None:
    for name, data in (
        ("ca.crt", authority.certificate),
        ("tls.crt", shown.certificate),
        ("tls.key", bytes(shown.key)),
    ):
        (folder / name).write_bytes(data)


@pytest_asyncio.fixture
async def port() -> AsyncIterator[int]:
    """Return the port of a server that takes who shows a certificate of the CA."""
    own = pair()
    shown = Certificates(chain=own.certificate, key=bytes(own.key), client_authorities=CA.certificate)
    server = grpc.aio.server()
    address = bind_tls(server, TlsListener(host="127.0.0.1", port=0, certificates=lambda: shown))
    await server.start()
    yield int(address.rpartition(":")[2])
    await server.stop(None)


def reaching(port: int, folder: Path, name: str = "control-plane") -> ControlPlaneChannel:
    return ControlPlaneChannel(RemoteControlPlane(host="127.0.0.1", port=port, server_name=name, certificates=folder))


async def asked(channel: grpc.aio.Channel) -> grpc.StatusCode:
    """Return what a server that serves nothing says: UNIMPLEMENTED, once both believe each other."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await channel.unary_unary("/any/Thing")(b"", timeout=DEADLINE)
    code: grpc.StatusCode = caught.value.code()
    return code


async def test_the_channel_is_one_as_long_as_the_certificate_is(port: int, tmp_path: Path) -> None:
    write(tmp_path, pair())
    plane = reaching(port, tmp_path)
    first = await plane.channel()
    assert await asked(first) is grpc.StatusCode.UNIMPLEMENTED
    assert await plane.channel() is first
    write(tmp_path, pair())
    second = await plane.channel()
    assert second is not first
    assert first.get_state() is grpc.ChannelConnectivity.SHUTDOWN
    assert await asked(second) is grpc.StatusCode.UNIMPLEMENTED
    assert await plane.channel() is second
    await plane.close()
    assert second.get_state() is grpc.ChannelConnectivity.SHUTDOWN
    assert await plane.channel() is not second
    await plane.close()


@pytest.mark.parametrize("stranger", ["by name", "by authority", "to the server"])
async def test_a_stranger_is_not_spoken_to(port: int, tmp_path: Path, stranger: str) -> None:
    other = make_ca(NOW)
    write(tmp_path, pair(other if stranger == "to the server" else CA), other if stranger == "by authority" else CA)
    plane = reaching(port, tmp_path, "another" if stranger == "by name" else "control-plane")
    assert await asked(await plane.channel()) is grpc.StatusCode.UNAVAILABLE
    await plane.close()


async def test_a_certificate_that_cannot_be_read_is_told(port: int, tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"ca\.crt"):
        await reaching(port, tmp_path).channel()
