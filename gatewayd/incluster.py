"""The composition root of a control-plane pod: an API server in, proxies, statuses and infrastructure out.

Builds the shells and runs them in one TaskGroup; decides nothing.
"""

import asyncio
import json
import random
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import structlog

from gatewayd.ads.fleet import Fleet
from gatewayd.ads.listen import Certificates, TlsListener
from gatewayd.ads.server import AdsServer
from gatewayd.api.kinds import KINDS, Kind
from gatewayd.api.meta import ObjectKey
from gatewayd.identity.authority import Authority
from gatewayd.identity.certificates import LEAF_LIFETIME, KeyPair, Subject, issue
from gatewayd.infra import layout
from gatewayd.infra.objects import objects
from gatewayd.ir.environment import CONTROLLER, HERE, Environment
from gatewayd.ir.infrastructure import Infrastructure
from gatewayd.ir.outcome import FleetReport
from gatewayd.kube.applier import Applier
from gatewayd.kube.authority_store import AuthorityStore
from gatewayd.kube.backoff import Backoff
from gatewayd.kube.client import CONNECTION_ERRORS, ApiError, KubeClient, connected
from gatewayd.kube.gateway_certificates import GatewayCertificates, secret_document
from gatewayd.kube.lease import Lease, LeaseName
from gatewayd.kube.listing import Listing, Live, Undecodable
from gatewayd.kube.reflector import EVERYTHING, Reflector, Selection, Timing
from gatewayd.kube.status_writer import StatusWriter
from gatewayd.reconciler import Batch, Reconciler, fleet_delta
from gatewayd.store import Delta
from gatewayd.xds.bootstrap import Admin, MutualTLS, bootstrap, sds_files

ROTATION_SECONDS: Final = 600.0
RETRY_SECONDS: Final = 2.0

_log = structlog.get_logger("gatewayd")

SELECTIONS: Final[Mapping[str, Selection]] = {
    # Of all Secrets only those that can be certificates: the rest is nobody's business here.
    "Secret": Selection(fields="type=kubernetes.io/tls", labels=""),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeOptions:
    """What `gatewayd serve` was asked to do. `kubeconfig` None: as the pod that we are."""

    kubeconfig: Path | None
    namespace: str
    identity: str
    xds_host: str
    xds_port: int


class InCluster:
    """One replica of the control plane. `ready` says whether it has seen everything once."""

    def __init__(self, options: ServeOptions, client: KubeClient, authority: Authority) -> None:
        self.options = options
        self.fleet = Fleet(on_report=self._on_report)
        self.reconciler = Reconciler(
            publisher=self.fleet, on_batch=self._on_batch, awaited=[kind.struct for kind in KINDS]
        )
        name = LeaseName(namespace=options.namespace, name=layout.LEASE, identity=options.identity)
        self.lease = Lease(client=client, name=name, clock=time.monotonic, on_elected=self._on_elected)
        self.writer = StatusWriter(client=client, leadership=self.lease, controller=CONTROLLER)
        self.applier = Applier(client=client, leadership=self.lease)
        self._client = client
        self._authority = authority
        self._store = AuthorityStore(client, options.namespace)
        self._certificates = GatewayCertificates(client)
        self._server_pair = self._issued_server_pair()
        self._to_provision: dict[ObjectKey, None] = {}
        self._provision = asyncio.Event()

    @property
    def ready(self) -> bool:
        """Whether every kind has been listed, so that what we serve is whole."""
        return not self.reconciler.store.waiting_for

    async def run(self) -> None:
        """Serve until cancelled."""
        listener = TlsListener(host="[::]", port=self.options.xds_port, certificates=self._server_certificates)
        server = AdsServer(self.fleet, (listener,))
        await server.start()
        here = Environment(
            controller=CONTROLLER,
            address="0.0.0.0",  # noqa: S104 - the proxy's own pod
            loopback_backends=False,
            external_names=False,
            standalone=False,
            unprivileged_offset=0,
        )
        self.reconciler.submit((Delta(kind=Environment, key=HERE, obj=here),))
        try:
            async with asyncio.TaskGroup() as tasks:
                for reflector in self._reflectors():
                    tasks.create_task(reflector.run(), name="reflector")
                tasks.create_task(self.reconciler.run(), name="reconciler")
                tasks.create_task(self.lease.run(), name="lease")
                tasks.create_task(self.writer.run(), name="status writer")
                tasks.create_task(self.applier.run(), name="applier")
                tasks.create_task(self._provision_gateways(), name="provisioner")
                tasks.create_task(self._rotate(), name="rotation")
        finally:
            await server.stop(grace=1.0)

    def _reflectors(self) -> Iterator[Reflector]:
        timing = Timing(backoff=Backoff(first=0.2, longest=15.0), random=random.random)
        for kind in KINDS:
            listing = Listing(kind, undecodable=self._undecodable, live=self._live(kind))
            selection = SELECTIONS.get(kind.kind, EVERYTHING)
            yield Reflector(
                client=self._client,
                listing=listing,
                selection=selection,
                submit=self.reconciler.submit,
                timing=timing,
            )

    def _live(self, kind: Kind) -> Live:
        if not kind.statused:
            return _unheard
        return lambda key, raw: self.writer.live.hear(kind, key, raw)

    def _undecodable(self, note: Undecodable) -> None:
        _log.error("object not understood", kind=note.kind.kind, key=str(note.key), error=note.message)

    # --- what comes out of the core ----------------------------------------------------------------------------

    def _on_batch(self, batch: Batch) -> None:
        for member, outcome in batch.outcomes.items():
            self.writer.want(member, outcome)
        for key in batch.infrastructure:
            self._to_provision[key] = None
            self._provision.set()
        if batch.published or batch.outcomes or batch.retired:
            _log.info(
                "batch",
                rows=batch.changed_rows,
                queries=batch.queries,
                published=[f"{each.gateway}@{each.version}" for each in batch.published],
                outcomes=len(batch.outcomes),
            )

    def _on_report(self, gateway: str, report: FleetReport) -> None:
        self.reconciler.submit((fleet_delta(gateway, report),))
        for rejection in report.rejections:
            _log.warning("nack", gateway=gateway, names=rejection.names, message=rejection.message)

    def _on_elected(self) -> None:
        self.writer.became_leader()
        self.applier.became_leader()
        self._to_provision |= dict.fromkeys(self.reconciler.infrastructure)
        self._provision.set()

    # --- infrastructure ----------------------------------------------------------------------------------------

    async def _provision_gateways(self) -> None:
        """Give each Gateway that changed its certificate and the rest of what it needs; the leader's work."""
        while True:
            await self._provision.wait()
            if not self.lease.is_leader() or not self._to_provision:
                self._provision.clear()
                continue
            key = next(iter(self._to_provision))
            del self._to_provision[key]
            try:
                await self._provide(key)
            except (ApiError, *CONNECTION_ERRORS) as error:
                _log.warning("gateway not provisioned", gateway=str(key), error=str(error) or repr(error))
                asyncio.get_running_loop().call_later(RETRY_SECONDS, self._provision_again, key)

    def _provision_again(self, key: ObjectKey) -> None:
        self._to_provision[key] = None
        self._provision.set()

    async def _provide(self, key: ObjectKey) -> None:
        wanted = self.reconciler.infrastructure.get(key)
        if wanted is None:
            self.applier.want(str(key), ())
            return
        data = await self._certificates.data(wanted.namespace, wanted.name, wanted.object_name, self._authority)
        secret = secret_document(wanted.namespace, wanted.object_name, wanted.uid, wanted.name, data)
        self.applier.want(str(key), (secret, *objects(wanted, self._files(wanted))))

    def _files(self, wanted: Infrastructure) -> Mapping[str, str]:
        """Return the files of a Gateway's ConfigMap: the bootstrap and the SDS files that it names."""
        control_plane = MutualTLS(
            host=self.options.xds_host,
            port=self.options.xds_port,
            server_name=self._server_name,
            certificates=layout.CERTIFICATES_FOLDER,
            sds=layout.CONFIG_FOLDER,
        )
        document = bootstrap(
            node="",
            gateway=f"{wanted.namespace}/{wanted.name}",
            control_plane=control_plane,
            admin=Admin(port=layout.ADMIN_PORT),
            probes_port=layout.PROBES_PORT,
        )
        files = {layout.BOOTSTRAP_FILE: document, **sds_files(layout.CERTIFICATES_FOLDER)}
        return {name: json.dumps(value, indent=1, sort_keys=True) for name, value in files.items()}

    # --- certificates ------------------------------------------------------------------------------------------

    @property
    def _server_name(self) -> str:
        return f"{layout.CONTROL_PLANE}.{self.options.namespace}.svc"

    def _issued_server_pair(self) -> KeyPair:
        subject = Subject(common_name="gatewayd", dns_names=(self._server_name,), uris=())
        return issue(self._authority.signing, subject, datetime.now(UTC))

    def _server_certificates(self) -> Certificates:
        pair = self._server_pair
        return Certificates(chain=pair.certificate, key=bytes(pair.key), client_authorities=self._authority.bundle)

    async def _rotate(self) -> None:
        """Follow the CA, renew what is due: the server's own certificate, and those of the Gateways."""
        while True:
            await asyncio.sleep(ROTATION_SECONDS)
            try:
                leader = self.lease.is_leader()
                authority = await (self._store.advance() if leader else self._store.load())
            except (ApiError, *CONNECTION_ERRORS) as error:
                _log.warning("ca not read", error=str(error) or repr(error))
                continue
            if authority != self._authority or self._server_pair.is_due(datetime.now(UTC), LEAF_LIFETIME):
                self._authority = authority
                self._server_pair = self._issued_server_pair()
            for key in self.reconciler.infrastructure:
                self._provision_again(key)


def _unheard(_key: ObjectKey, _raw: bytes | None) -> None:
    """Keep no status of kinds that are not ours."""


async def serve(options: ServeOptions) -> None:
    """Run one replica until cancelled. Raises ConfigException, AuthorityError or ListenError when it cannot start."""
    async with connected(options.kubeconfig) as client:
        authority = await AuthorityStore(client, options.namespace).load()
        await InCluster(options, client, authority).run()
