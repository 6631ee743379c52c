import pytest

from gatewayd.api.ingress import Ingress
from gatewayd.api.listeners import Listener, ListenerTLS
from gatewayd.api.meta import GroupKind
from gatewayd.translator.protocols import PROTOCOLS, ROUTE_TABLES, group_kind, protocol_of


@pytest.mark.parametrize(
    ("protocol", "mode", "kinds"),
    [
        ("HTTP", None, {"HTTPRoute", "GRPCRoute"}),
        ("HTTPS", "Terminate", {"HTTPRoute", "GRPCRoute"}),
        ("HTTPS", None, {"HTTPRoute", "GRPCRoute"}),
        ("TLS", "Passthrough", {"TLSRoute"}),
        ("TLS", "Terminate", {"TLSRoute", "TCPRoute"}),
        ("TCP", None, {"TCPRoute"}),
        ("UDP", None, {"UDPRoute"}),
    ],
)
def test_what_each_protocol_carries(protocol: str, mode: str | None, kinds: set[str]) -> None:
    tls = None if mode is None else ListenerTLS(mode=mode)  # type: ignore[arg-type]
    found = protocol_of(Listener(name="l", port=1, protocol=protocol, tls=tls))
    assert found is not None
    assert {kind.kind for kind in found.kinds} == kinds


def test_a_protocol_that_we_do_not_have() -> None:
    assert protocol_of(Listener(name="l", port=1, protocol="example.com/smtp")) is None


def test_https_cannot_pass_tls_through() -> None:
    assert protocol_of(Listener(name="l", port=1, protocol="HTTPS", tls=ListenerTLS(mode="Passthrough"))) is None


def test_every_route_kind_is_carried_by_some_protocol() -> None:
    carried = {kind for row in PROTOCOLS.values() for kind in row.kinds}
    # An Ingress goes where an HTTPRoute may.
    assert carried == {group_kind(table) for table in ROUTE_TABLES if table is not Ingress}


def test_names_of_kinds_have_their_group() -> None:
    assert group_kind(Ingress) == GroupKind("networking.k8s.io", "Ingress")


def test_only_tcp_families_share_a_port_with_each_other_by_hostname() -> None:
    assert {row.name for row in PROTOCOLS.values() if not row.by_hostname} == {"TCP", "UDP"}
    assert {row.family for row in PROTOCOLS.values() if row.name in ("HTTPS", "TLS")} == {"TLS"}
