"""The node's network and the Pods' networks, made of network namespaces and veth pairs.

The process that imports this already stands in the node's own network namespace. There is no bridge: Pod traffic passes
through the node's routing so that conntrack undoes the NAT of kube-proxy. Link addresses are fixed and permanent, so
that no packet ever waits for ARP.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address
from itertools import cycle, islice
from pathlib import Path

from conformance.harness import commands
from conformance.harness.addresses import LOAD_BALANCER_RANGE, NAMESPACES_DIRECTORY, NODE_IP, POD_RANGE

_NODE_MAC = "ee:ee:ee:ee:ee:ee"
_GATEWAY = "169.254.1.1"  # link-local next hop of every Pod; only its permanent neighbour entry matters
_NODE_SYSCTLS = {
    "net/ipv4/ip_forward": "1",
    "net/ipv4/conf/all/rp_filter": "0",
    "net/ipv4/conf/default/rp_filter": "0",
    "net/ipv4/ip_unprivileged_port_start": "0",
    # A probe or a test opens many short connections from one address.
    "net/ipv4/ip_local_port_range": "10240 65535",
    # What stays in the listen queue of a Pod that starts slowly must not be dropped.
    "net/core/somaxconn": "4096",
}
_POD_SYSCTLS = {"net/ipv4/ip_unprivileged_port_start": "0", "net/core/somaxconn": "4096"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PodNetwork:
    """One Pod's namespace: its name, the address of eth0 and the node's end of the veth pair."""

    namespace: str
    address: str
    node_interface: str

    @property
    def namespace_path(self) -> str:
        """Return what `nsenter --net=` takes."""
        return f"{NAMESPACES_DIRECTORY}/{self.namespace}"


class PodAddresses:
    """Hands out Pod addresses, the least recently used first, so that an address never changes owner quickly."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._hosts = cycle(islice((str(host) for host in POD_RANGE.hosts()), 1, 65_000))

    def take(self) -> str:
        """Return a free address."""
        address = next(host for host in self._hosts if host not in self._taken)
        self._taken.add(address)
        return address

    def give_back(self, address: str) -> None:
        """Make `address` free again."""
        self._taken.discard(address)


async def set_up_node() -> None:
    """Give the node's namespace its address, a default route and the route of the LoadBalancer addresses."""
    await commands.output(
        ("ip", "-batch", "-"),
        stdin=f"""\
link set lo up
address add {NODE_IP}/32 dev lo
link add node0 type veth peer name node1
link set node0 up
link set node1 up
route add default dev node0 src {NODE_IP}
route add local {LOAD_BALANCER_RANGE} dev lo
""",
    )
    _write_sysctls(_NODE_SYSCTLS)


async def add_pod(namespace: str, address: str) -> PodNetwork:
    """Make the namespace of a Pod and connect it to the node."""
    number = int(IPv4Address(address)) & 0xFFFF
    interface = f"pod{number:04x}"
    pod_mac = f"0a:58:0a:f4:{number >> 8:02x}:{number & 0xFF:02x}"
    network = PodNetwork(namespace=namespace, address=address, node_interface=interface)
    await commands.output(("ip", "netns", "add", namespace))
    await commands.output(
        ("ip", "-batch", "-"),
        stdin=f"""\
link add {interface} address {_NODE_MAC} type veth peer name eth0 address {pod_mac} netns {namespace}
link set {interface} up
neighbour add {address} lladdr {pod_mac} dev {interface} nud permanent
route add {address}/32 dev {interface} src {NODE_IP}
""",
    )
    await commands.output(
        ("ip", "-netns", namespace, "-batch", "-"),
        stdin=f"""\
link set lo up
address add {address}/32 dev eth0
link set eth0 up
neighbour add {_GATEWAY} lladdr {_NODE_MAC} dev eth0 nud permanent
route add {_GATEWAY} dev eth0
route add default via {_GATEWAY} dev eth0
""",
    )
    script = "; ".join(f"echo {value} > /proc/sys/{name}" for name, value in _POD_SYSCTLS.items())
    await commands.output(("nsenter", f"--net={network.namespace_path}", "sh", "-ec", script))
    return network


async def remove_pod(network: PodNetwork) -> None:
    """Take a Pod's interface, routes and namespace away."""
    await commands.output(("ip", "link", "delete", network.node_interface))
    await commands.output(("ip", "netns", "delete", network.namespace))


def _write_sysctls(values: dict[str, str]) -> None:
    for name, value in values.items():
        (Path("/proc/sys") / name).write_text(value)
