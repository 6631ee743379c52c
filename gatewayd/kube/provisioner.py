"""Infrastructure -> objects of the cluster: the client certificate of each Gateway's proxies, and all the rest.

The leader's work; what fails for one Gateway is tried again and holds up no other.
"""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol

import structlog

from gatewayd.api.meta import ObjectKey
from gatewayd.identity.authority import Authority
from gatewayd.infra import layout
from gatewayd.infra.objects import objects
from gatewayd.ir.infrastructure import Infrastructure, Keep, Provision
from gatewayd.kube.applier import Applier
from gatewayd.kube.client import CONNECTION_ERRORS, ApiError
from gatewayd.kube.gateway_certificates import GatewayCertificates, secret_document
from gatewayd.kube.status_writer import Leadership
from gatewayd.xds.bootstrap import AdminSocket, MutualTLS, bootstrap, sds_files

RETRY_SECONDS: Final = 2.0

_log = structlog.get_logger("gatewayd.kube.provisioner")


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


class Provisioner:
    """Gives Gateways what they need. `wanted` is read when a Gateway's turn comes, so that the latest counts."""

    def __init__(
        self,
        *,
        address: ControlPlaneAddress,
        wanted: Mapping[ObjectKey, Provision],
        certificates: GatewayCertificates,
        applier: Applier,
        leadership: Leadership,
        believed: Believed,
    ) -> None:
        self._address = address
        self._wanted = wanted
        self._certificates = certificates
        self._applier = applier
        self._leadership = leadership
        self._believed = believed
        self._due: dict[ObjectKey, None] = {}
        self._wake = asyncio.Event()

    def mark(self, gateway: ObjectKey) -> None:
        """Look at a Gateway when its turn comes."""
        self._due[gateway] = None
        self._wake.set()

    def mark_all(self) -> None:
        """Look at every Gateway: the leader is new, or certificates may be due."""
        for gateway in self._wanted:
            self.mark(gateway)

    async def run(self) -> None:
        """Provide until cancelled."""
        while True:
            if not self._due or not self._leadership.is_leader():
                self._wake.clear()
                await self._wake.wait()
                continue
            gateway = next(iter(self._due))
            del self._due[gateway]
            try:
                await self._provide(gateway)
            except (ApiError, *CONNECTION_ERRORS) as error:
                _log.warning("gateway not provisioned", gateway=str(gateway), error=str(error) or repr(error))
                asyncio.get_running_loop().call_later(RETRY_SECONDS, self.mark, gateway)

    async def _provide(self, gateway: ObjectKey) -> None:
        wanted = self._wanted.get(gateway)
        if wanted is None:
            self._applier.want(str(gateway), ())
            return
        if isinstance(wanted, Keep):
            await self._keep(wanted)
            return
        data = await self._certificates.data(wanted, self._believed.authority)
        self._applier.want(str(gateway), (secret_document(wanted, data), *objects(wanted, self._files(wanted))))

    async def _keep(self, kept: Keep) -> None:
        """Renew the certificate of proxies that stay as they are; those that never were get none."""
        if await self._certificates.has(kept):
            data = await self._certificates.data(kept, self._believed.authority)
            self._applier.keep(str(ObjectKey(kept.namespace, kept.name)), (secret_document(kept, data),))

    def _files(self, wanted: Infrastructure) -> Mapping[str, str]:
        """Return the files of a Gateway's ConfigMap: the bootstrap and the SDS files that it names."""
        document = bootstrap(
            node="",
            gateway=f"{wanted.namespace}/{wanted.name}",
            control_plane=MutualTLS(
                host=self._address.host,
                port=self._address.port,
                server_name=self._address.server_name,
                certificates=layout.CERTIFICATES_FOLDER,
                sds=layout.CONFIG_FOLDER,
            ),
            admin=AdminSocket(path=layout.ADMIN_SOCKET),
            probes_port=layout.PROBES_PORT,
            drain=layout.DRAIN_SECONDS,
        )
        files = {layout.BOOTSTRAP_FILE: document, **sds_files(layout.CERTIFICATES_FOLDER)}
        return {name: json.dumps(value, indent=1, sort_keys=True) for name, value in files.items()}
