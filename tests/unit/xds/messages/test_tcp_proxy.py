import pytest

from gatewayd.ir.backend import Protocol
from gatewayd.ir.l4 import L4Action, L4Refuse
from gatewayd.xds import names
from gatewayd.xds.messages.tcp_proxy import tcp_proxy
from tests.unit.xds.shorthand import NOWHERE, l4, service

A, B = (service(name, protocol=Protocol.TCP) for name in ("a", "b"))


def test_one_backend() -> None:
    made = tcp_proxy(l4((A, 5), (B, 0)), "chain")
    assert (made.stat_prefix, made.cluster) == ("chain", "shop/a/80/tcp")


def test_weights() -> None:
    made = tcp_proxy(l4((A, 3), (NOWHERE, 2), (B, 0), (B, 1)), "chain")
    assert [(each.name, each.weight) for each in made.weighted_clusters.clusters] == [
        ("shop/a/80/tcp", 3),
        (names.NOWHERE, 2),
        ("shop/b/80/tcp", 1),
    ]


@pytest.mark.parametrize("action", [L4Refuse(), l4(), l4((A, 0)), l4((NOWHERE, 1))])
def test_refusal(action: L4Action) -> None:
    assert tcp_proxy(action, "chain").cluster == names.NOWHERE
