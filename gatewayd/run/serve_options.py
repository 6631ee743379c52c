"""What `gatewayd serve` was asked to do, on its way from the process that read it to the one that does it.

In and out: JSON. Nothing here imports what either of them needs.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec

from gatewayd.ir.environment import ANY_IPV4, DEFAULT_ENVIRONMENT, Environment
from gatewayd.ir.http import RouteDiscovery
from gatewayd.own_group import CONTROLLER


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeOptions:
    """`kubeconfig` None: as the pod that we are. `route_discovery` None: whichever suits a route table.

    `envoy_gateway_kinds`: those are read too. `mesh`: routes may have Services as parents, also without an XMesh.
    `controller_name`, `gateway_classes` and `gateway_namespaces`: as in `ir.environment.Environment`.
    `region`: where the cluster is, "" where nobody says it. `keeps_source`: as in `ir.environment.Environment`.
    `proxies_listen_at`: all addresses of a pod, of the family that pods have.
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
    controller_name: str = CONTROLLER
    gateway_classes: tuple[str, ...] = ()
    gateway_namespaces: str = ""
    region: str = ""
    keeps_source: bool = False
    proxies_listen_at: str = ANY_IPV4

    @property
    def making(self) -> tuple[object, ...]:
        """What configurations depend on beside the objects; None for what nobody said."""
        kinds = "envoy-gateway-kinds" if self.envoy_gateway_kinds else None
        served = (self.controller_name, self.gateway_classes, self.gateway_namespaces)
        narrowed = () if served == (CONTROLLER, (), "") else served
        region = (f"region {self.region}",) if self.region else ()
        family = () if self.proxies_listen_at == ANY_IPV4 else (self.proxies_listen_at,)
        mesh = (*(("mesh",) if self.mesh else ()), *(("keep-source",) if self.keeps_source else ()))
        return (self.route_discovery, kinds, *mesh, *region, *family, *narrowed)

    @property
    def environment(self) -> Environment:
        """What the translator is told of the cluster."""
        return replace(
            DEFAULT_ENVIRONMENT,
            controller=self.controller_name,
            namespace=self.namespace,
            route_discovery=self.route_discovery,
            region=self.region,
            keeps_source=self.keeps_source,
            address=self.proxies_listen_at,
            gateway_classes=self.gateway_classes,
            gateway_namespaces=self.gateway_namespaces,
        )


def encoded(options: ServeOptions) -> str:
    """Return the options as one line of JSON."""
    return msgspec.json.encode(options, enc_hook=str).decode()


def decoded(line: str) -> ServeOptions:
    """Return the options that `encoded` wrote; raises msgspec.MsgspecError for anything else."""
    return msgspec.json.decode(line, type=ServeOptions, dec_hook=_made)


def _made(kind: type[Any], value: Any) -> Any:
    return kind(value)
