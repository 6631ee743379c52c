"""What `gatewayd serve` was asked to do, on its way from the process that read it to the one that does it.

In and out: JSON. Nothing here imports what either of them needs.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec

from gatewayd.ir.environment import DEFAULT_ENVIRONMENT, Environment
from gatewayd.ir.http import RouteDiscovery


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeOptions:
    """`kubeconfig` None: as the pod that we are. `route_discovery` None: whichever suits a route table.

    `envoy_gateway_kinds`: those are read too. `mesh`: routes may have Services as parents, also without an XMesh.
    `region`: where the cluster is, "" where nobody says it.
    """

    kubeconfig: Path | None
    namespace: str
    identity: str
    uid: str
    xds_host: str
    xds_port: int
    route_discovery: RouteDiscovery | None
    log_level: str
    envoy_gateway_kinds: bool = False
    mesh: bool = False
    region: str = ""

    @property
    def making(self) -> tuple[object, ...]:
        """What configurations depend on beside the objects; None for what nobody said."""
        kinds = "envoy-gateway-kinds" if self.envoy_gateway_kinds else None
        region = (f"region {self.region}",) if self.region else ()
        return (self.route_discovery, kinds, *(("mesh",) if self.mesh else ()), *region)

    @property
    def environment(self) -> Environment:
        """What the translator is told of the cluster."""
        here = replace(DEFAULT_ENVIRONMENT, namespace=self.namespace, route_discovery=self.route_discovery)
        return replace(here, region=self.region)


def encoded(options: ServeOptions) -> str:
    """Return the options as one line of JSON."""
    return msgspec.json.encode(options, enc_hook=str).decode()


def decoded(line: str) -> ServeOptions:
    """Return the options that `encoded` wrote; raises msgspec.MsgspecError for anything else."""
    return msgspec.json.decode(line, type=ServeOptions, dec_hook=_made)


def _made(kind: type[Any], value: Any) -> Any:
    return kind(value)
