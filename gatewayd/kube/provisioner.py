"""Infrastructure -> objects of the cluster: the client certificate of each Gateway's proxies, and all the rest.

The leader's work; what fails for one Gateway is tried again and holds up no other.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from gatewayd.api.meta import ObjectKey
from gatewayd.identity.authority import Authority
from gatewayd.infra import layout
from gatewayd.infra.drain import DRAIN_SECONDS
from gatewayd.infra.objects import objects
from gatewayd.ir.infrastructure import Infrastructure, Keep, Owner, Provision
from gatewayd.ir.limits import INFRASTRUCTURE_WORKERS
from gatewayd.kube.applier import Applier, InfrastructureCallbacks, label
from gatewayd.kube.gateway_certificates import GatewayCertificates, secret_document
from gatewayd.kube.lease import Leadership
from gatewayd.kube.made_object import Document
from gatewayd.kube.work_queue import Pacing, WorkQueue
from gatewayd.translator.mesh.meshes import MESH
from gatewayd.xds.bootstrap import AdminSocket, MutualTLS, bootstrap, probed_at, sds_files, within_memory

NAME: Final = "certificate"
PACING: Final = Pacing(workers=INFRASTRUCTURE_WORKERS)


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlPlaneAddress:
    """Where proxies find us: host and port to connect to, and the name in our certificate."""

    host: str
    port: int
    server_name: str


class Believed(Protocol):
    """Where the CA of now is kept."""

    @property
    def authority(self) -> Authority:
        """Return the CA of now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlPlaneIdentity:
    """What proxies and control plane know each other by: our address, the CA of now, and their certificates."""

    address: ControlPlaneAddress
    believed: Believed
    certificates: GatewayCertificates


class Wanted(Protocol):
    """Who knows what Gateways shall have; asked when a Gateway's turn comes, so that the latest counts."""

    def wanted(self, gateway: ObjectKey) -> Provision | None:
        """Return what a Gateway shall have now, None for nothing."""

    def provided(self) -> tuple[ObjectKey, ...]:
        """Return the Gateways that shall have something."""


class Provisioner:
    """Gives Gateways what they need."""

    def __init__(
        self,
        *,
        identity: ControlPlaneIdentity,
        wanted: Wanted,
        applier: Applier,
        leadership: Leadership,
        audience: InfrastructureCallbacks,
    ) -> None:
        self._identity = identity
        self._wanted = wanted
        self._applier = applier
        self._audience = audience
        self._has_nodes = False
        self._queue: WorkQueue[ObjectKey] = WorkQueue(
            name=NAME,
            work=self._provide,
            label=label,
            leadership=leadership,
            pacing=PACING,
            on_failure=lambda failure: audience.failed(NAME, failure),
        )

    def mark(self, gateway: ObjectKey) -> None:
        """Look at a Gateway when its turn comes."""
        self._queue.add(gateway)

    def provide_nodes(self) -> None:
        """From now on keep the certificate of the proxies of nodes."""
        if not self._has_nodes:
            self._has_nodes = True
            self._queue.add(MESH)

    def mark_all(self) -> None:
        """Look at every Gateway: the leader is new, or certificates may be due."""
        for gateway in (*self._wanted.provided(), *((MESH,) if self._has_nodes else ())):
            self._queue.add(gateway)
        self._queue.wake()

    async def run(self) -> None:
        """Provide until cancelled."""
        await self._queue.run()

    async def _provide(self, gateway: ObjectKey) -> None:
        if gateway == MESH:
            await self._identity.certificates.keep_nodes(self._identity.believed.authority)
            return
        wanted = self._wanted.wanted(gateway)
        match wanted:
            case Infrastructure():
                secret = await self._secret(wanted)
                if wanted.parameters.rate_limit_service is not None:
                    await self._identity.certificates.keep_rate_limits(self._identity.believed.authority)
                self._applier.want(gateway, (secret, *objects(wanted, self._files(wanted))))
            case Keep():
                # Proxies that never were get no certificate either.
                has = await self._identity.certificates.has(wanted)
                self._applier.keep(gateway, (await self._secret(wanted),) if has else ())
            case None:
                self._applier.want(gateway, ())
        self._audience.report(gateway, ())

    async def _secret(self, wanted: Owner) -> Document:
        data = await self._identity.certificates.data(wanted, self._identity.believed.authority)
        return secret_document(wanted, data)

    def _files(self, wanted: Infrastructure) -> Mapping[str, str]:
        """Return the files of a Gateway's ConfigMap: the bootstrap and the SDS files that it names."""
        address = self._identity.address
        document = bootstrap(
            node="",
            fleet=wanted.fleet,
            control_plane=MutualTLS(
                host=address.host,
                port=address.port,
                server_name=address.server_name,
                certificates=layout.CERTIFICATES_FOLDER,
                sds=layout.CONFIG_FOLDER,
            ),
            admin=AdminSocket(path=layout.ADMIN_SOCKET),
            probes_port=layout.PROBES_PORT,
            drain=DRAIN_SECONDS,
        )
        document = within_memory(probed_at(document, wanted.listens_at), wanted.parameters.resources.memory_limit)
        files = {layout.BOOTSTRAP_FILE: document, **sds_files(layout.CERTIFICATES_FOLDER)}
        return {name: json.dumps(value, indent=1, sort_keys=True) for name, value in files.items()}
