"""What `gatewayd agent` was asked to do, on its way from the process that read it to the one that does it.

In and out: JSON. Nothing here imports what either of them needs.
"""

from dataclasses import dataclass

import msgspec


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentOptions:
    """`node` names the node, `addresses` are its own. `socket` is where its Envoy asks, `certificates` a folder.

    The control plane is at `xds_host`, `xds_port`, and must be `server_name` by its certificate. `fails_closed`:
    without an Envoy pods reach no Service that has routes. `keeps_source`: it reaches backends with the addresses of
    pods.
    """

    node: str
    addresses: tuple[str, ...]
    socket: str
    xds_host: str
    xds_port: int
    server_name: str
    certificates: str
    fails_closed: bool
    keeps_source: bool
    log_level: str


def encoded(options: AgentOptions) -> str:
    """Return the options as one line of JSON."""
    return msgspec.json.encode(options).decode()


def decoded(line: str) -> AgentOptions:
    """Return the options that `encoded` wrote; raises msgspec.MsgspecError for anything else."""
    return msgspec.json.decode(line, type=AgentOptions)
