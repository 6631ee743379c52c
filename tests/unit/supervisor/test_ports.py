import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from gatewayd.supervisor import ports
from gatewayd.supervisor.ports import (
    Free,
    NotAllowed,
    PortTaken,
    PortWish,
    capability_sets,
    check_port,
    offset_for,
)

BINARY = Path("/opt/envoy")


def wish(port: int, protocol: str = "TCP") -> PortWish:
    return PortWish(
        port=port, protocol="UDP" if protocol == "UDP" else "TCP", owner='Gateway default/web listener "http"'
    )


@pytest.fixture(params=["TCP", "UDP"])
def taken(request: pytest.FixtureRequest) -> Iterator[PortWish]:
    kind = socket.SOCK_STREAM if request.param == "TCP" else socket.SOCK_DGRAM
    with socket.socket(socket.AF_INET, kind) as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)  # as another Envoy does
        server.bind(("127.0.0.1", 0))
        if request.param == "TCP":
            server.listen()
        yield wish(server.getsockname()[1], request.param)


def test_a_port_that_somebody_holds_is_taken_and_the_holder_named(taken: PortWish) -> None:
    verdict = check_port(taken, BINARY)
    assert isinstance(verdict, PortTaken)
    own = Path("/proc/self/comm").read_text().strip()
    assert str(verdict).startswith(f'port {taken.port} of Gateway default/web listener "http": {own} (process ')
    assert str(verdict).endswith(") listens there; stop it, or take another port")


def test_a_port_of_nobody_is_free() -> None:
    # Held without listening, so that no other program is given it in the meantime: what is let go may be taken at once.
    with socket.socket() as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(("127.0.0.1", 0))
        assert check_port(wish(held.getsockname()[1]), BINARY) == Free()


@pytest.fixture
def unprivileged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "start").write_text("1024\n")
    (tmp_path / "status").write_text("Name:\tx\nCapBnd:\t0000000000000000\nCapAmb:\t0000000000000000\n")
    monkeypatch.setattr(ports, "_FIRST_UNPRIVILEGED", tmp_path / "start")
    monkeypatch.setattr(ports, "_SELF_STATUS", tmp_path / "status")


@pytest.mark.usefixtures("unprivileged")
def test_low_ports_need_a_right() -> None:
    verdict = check_port(wish(80), BINARY)
    assert verdict == NotAllowed(wish=wish(80), first_allowed=1024, binary=BINARY)
    assert str(verdict) == (
        'port 80 of Gateway default/web listener "http": only root may listen below 1024; '
        "sudo sysctl net.ipv4.ip_unprivileged_port_start=80, or sudo setcap cap_net_bind_service=+ep /opt/envoy, "
        "would allow it"
    )


@pytest.mark.usefixtures("unprivileged")
def test_the_right_may_come_from_the_system_or_be_inherited(tmp_path: Path) -> None:
    (tmp_path / "status").write_text("CapBnd:\t0000000000000400\nCapAmb:\t0000000000000400\n")
    assert ports.may_bind_low_ports(BINARY)
    (tmp_path / "start").write_text("80")
    assert ports.first_unprivileged_port() == 80
    (tmp_path / "start").unlink()
    assert ports.first_unprivileged_port() == 1024


def test_capability_sets() -> None:
    assert capability_sets("Name:\tx\nCapEff:\t00000000000004ff\nSeccomp:\t0\n") == {"CapEff": 0x4FF}


def test_low_ports_are_mapped_when_they_may_not_be_bound() -> None:
    assert offset_for([80, 8443], 1024) == 8000
    assert offset_for([80, 443, 8080], 1024) == 9000
    assert offset_for([80], 80) == 0
    assert offset_for([80], 0) == 0
    assert offset_for([8080], 1024) == 0
