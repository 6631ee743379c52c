from gatewayd.ir.fleet import GatewayFleet
from gatewayd.xds.dump import resource_json
from gatewayd.xds.resource import LISTENER, XDS_TYPES
from gatewayd.xds.unbound import unbound
from tests.unit.example import SHOP, translated

UDP = "\n  - {name: udp, protocol: UDP, port: 9000}"


def test_no_listener_binds_its_port_and_all_else_is_as_it_was() -> None:
    text = SHOP.replace("port: 8080}", "port: 8080}" + UDP)
    before = translated(text).reconciler.snapshots[GatewayFleet(namespace="default", name="web")]

    after = unbound(before)

    assert after.fleet == before.fleet
    tcp, udp = (resource_json(after.of(LISTENER)[name]) for name in ("tcp-8080", "udp-9000"))
    assert tcp["bind_to_port"] is False
    assert udp["address"]["socket_address"] == {"address": "127.0.0.1", "port_value": 0, "protocol": "UDP"}
    for row in XDS_TYPES:
        if row.url != LISTENER:
            assert dict(after.of(row.url)) == dict(before.of(row.url))
