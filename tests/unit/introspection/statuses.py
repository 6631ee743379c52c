"""A Status with something in every field."""

from gatewayd.introspection.node_rows import node_rows
from gatewayd.introspection.rows import Acked, Condition, ConditionMark, GatewayRow, RouteRow, whole_board
from gatewayd.introspection.status import GatewayVersion, ProxyRow, Refused, Status, TypeRow
from gatewayd.ir.envoy_releases import ENVOY
from gatewayd.ir.fleet import MESH_FLEET
from gatewayd.manifests.documents import FileProblem

GOOD = Condition(mark=ConditionMark.TRUE, reason="Accepted")
BAD = Condition(mark=ConditionMark.FALSE, reason="Invalid: no")
OPEN = Condition(mark=ConditionMark.UNKNOWN, reason="")

BOARD = whole_board(
    gateways=(
        GatewayRow(
            name="default/web",
            listeners=("http :8080",),
            address="127.0.0.1",
            accepted=GOOD,
            programmed=BAD,
            acked_at="12:00:00",
        ),
    ),
    routes=(
        RouteRow(
            kind="HTTPRoute",
            name="default/shop",
            hostnames=("shop.example",),
            parents=("default/web",),
            accepted=GOOD,
            resolved_refs=BAD,
            programmed=OPEN,
            acked=Acked(proxies=1, of=2, milliseconds=1.5),
        ),
        RouteRow(
            kind="TCPRoute",
            name="default/tcp",
            hostnames=(),
            parents=(),
            accepted=OPEN,
            resolved_refs=OPEN,
            programmed=OPEN,
            acked=None,
        ),
    ),
    problems=(FileProblem(file="a.yaml", line=3, message="bad"),),
    notices=("up",),
)
STATUS = Status(
    board=BOARD,
    proxies=(
        ProxyRow(
            gateway="default/web",
            node="standalone-1",
            envoy_version=ENVOY,
            connected_since=1.5,
            protocol="delta",
            synced=False,
            types=(
                TypeRow(
                    type="CDS", resources=2, pending=("a",), rejections=(Refused(names=("b",), message="[red]no"),)
                ),
                TypeRow(type="EDS", resources=1, pending=("a",), rejections=()),
                TypeRow(type="LDS", resources=1, pending=(), rejections=()),
            ),
        ),
    ),
    snapshots=(GatewayVersion(gateway="default/web", version="abc"),),
    folder="./gateway",
    version="0.1.0",
)


def node_proxy(node: str, *types: TypeRow) -> ProxyRow:
    """Return the proxy of a node, by the name of its pod."""
    return ProxyRow(
        gateway=str(MESH_FLEET),
        node=node,
        envoy_version=ENVOY,
        connected_since=1.5,
        protocol="delta",
        synced=False,
        types=types,
    )


LISTENERS = TypeRow(type="LDS", resources=1, pending=(), rejections=())
BEHIND = TypeRow(type="RDS", resources=2, pending=("15001/10.96.0.10:80",), rejections=())
NODES = node_rows((node_proxy("node-a", LISTENERS, BEHIND),), {"node-a": "worker-1", "node-b": "worker-2"})
