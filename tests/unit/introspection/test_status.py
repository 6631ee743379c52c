from gatewayd.ads.proxy_state import ProxyState, TypeState
from gatewayd.introspection.status import Refused, proxy_rows
from gatewayd.ir.fleet import GatewayFleet
from gatewayd.ir.outcome import Rejection
from gatewayd.xds.resource import CLUSTER

GATEWAY = GatewayFleet(namespace="default", name="web")


def test_a_proxy_is_described_with_what_it_shall_have() -> None:
    rejection = Rejection(type_url=CLUSTER, names=("a",), message="no")
    state = ProxyState(
        fleet=GATEWAY,
        node_id="n",
        node_cluster="default/web",
        version="1.40.0",
        since=1.0,
        mode="delta",
        types=(
            TypeState(
                type_url=CLUSTER,
                short="CDS",
                subscribed=0,
                wildcard=True,
                sent="1",
                acked="",
                pending=("b",),
                rejections=(rejection,),
            ),
        ),
    )

    (row,) = proxy_rows([state], lambda fleet, type_url: 7 if (fleet, type_url) == (GATEWAY, CLUSTER) else 0)

    assert (row.gateway, row.node, row.envoy_version, row.protocol, row.synced) == (
        "default/web", "n", "1.40.0", "delta", False,
    )  # fmt: skip
    (kind,) = row.types
    assert (kind.type, kind.resources, kind.pending) == ("CDS", 7, ("b",))
    assert kind.rejections == (Refused(names=("a",), message="no"),)
