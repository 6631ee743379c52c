"""A cluster with members: Secrets as they are written, and API servers that say what a test has them say."""

import base64
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final

from gatewayd.identity.certificates import make_ca
from gatewayd.ir.backoff import Backoff
from gatewayd.kube.access import Access
from gatewayd.kube.client import KubeClient
from gatewayd.kube.member import MemberState
from gatewayd.kube.member_client import MemberPace
from gatewayd.kube.member_store import MemberStore
from gatewayd.kube.member_warnings import MemberWarning, WarningReason
from gatewayd.kube.members import MemberMeans, Members
from gatewayd.kube.reflector import Reflector, Timing
from gatewayd.store import Delta, Event, Synced
from tests.fakes.api_server import Cluster, access
from tests.fakes.documents import Json
from tests.fakes.running import Leader
from tests.fakes.skipping_loop import clock

CA: Final = make_ca(datetime.now(UTC)).certificate
TIMING: Final = Timing(backoff=Backoff(first=1.0, longest=8.0), random=lambda: 0.0)
HOME: Final = "/api/v1/namespaces/gatewayd-system/secrets"
KEPT: Final = "/api/v1/namespaces/gatewayd-system/configmaps"
SERVICES: Final = "/api/v1/namespaces/shop/services"
SLICES: Final = "/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices"
EXPORTS: Final = "/apis/multicluster.x-k8s.io/v1alpha1/namespaces/shop/serviceexports"


def kubeconfig(identity: str = "one", **user: Any) -> str:
    document = {
        "current-context": "c",
        "contexts": [{"name": "c", "context": {"cluster": "m", "user": "u"}}],
        "clusters": [
            {
                "name": "m",
                "cluster": {
                    "server": "https://member.example",
                    "certificate-authority-data": base64.b64encode(CA).decode(),
                },
            }
        ],
        "users": [{"name": "u", "user": user or {"token": identity}}],
    }
    return base64.b64encode(json.dumps(document).encode()).decode()


def secret(
    cluster: str = "west",
    *,
    name: str = "",
    identity: str = "one",
    created: str = "2026-01-01T00:00:00Z",
    namespaces: str = "shop",
    cidrs: str = "10.4.0.0/16",
    **more: Any,
) -> Json:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": name or cluster,
            "namespace": "gatewayd-system",
            "creationTimestamp": created,
            "labels": {"gatewayd.io/member-cluster": cluster},
            "annotations": {"gatewayd.io/namespaces": namespaces, "gatewayd.io/pod-cidrs": cidrs},
        },
        "data": {"kubeconfig": kubeconfig(identity), **more},
    }


def said(member: Cluster, *addresses: str, name: str = "store", exported: bool = True) -> None:
    """Have a member offer a Service at addresses."""
    server = member.server
    meta = {"name": name, "namespace": "shop"}
    server.put(
        f"{SERVICES}/{name}",
        {"kind": "Service", "metadata": meta, "spec": {"ports": [{"name": "web", "port": 80}]}},
    )
    server.put(f"{SLICES}/{name}-1", piece(*addresses, name=name))
    if exported:
        server.put(f"{EXPORTS}/{name}", {"kind": "ServiceExport", "metadata": meta})
    else:
        # Something is there, so that the kind is served.
        server.put(f"{EXPORTS}/other", {"kind": "ServiceExport", "metadata": {"name": "other", "namespace": "shop"}})


def piece(*addresses: str, name: str = "store") -> Json:
    labels = {"kubernetes.io/service-name": name}
    return {
        "kind": "EndpointSlice",
        "metadata": {"name": f"{name}-1", "namespace": "shop", "labels": labels},
        "addressType": "IPv4",
        "ports": [{"name": "web", "port": 8080, "protocol": "TCP"}],
        "endpoints": [{"addresses": [each]} for each in addresses],
    }


class Told:
    """What members lead to: rows as they stand, and what is said of members."""

    def __init__(self) -> None:
        self.rows: dict[Any, Any] = {}
        self.changes = 0
        self.is_synced = False
        self.restarts: list[str] = []
        self.refused: list[str] = []
        self.warned: list[tuple[str, str]] = []
        self.states: tuple[MemberState, ...] = ()

    def submit(self, events: Iterable[Event]) -> None:
        for each in events:
            if isinstance(each, Delta):
                self.changes += 1
                self.rows[each.key] = each.obj
                self.rows = {key: obj for key, obj in self.rows.items() if obj is not None}
            self.is_synced = self.is_synced or isinstance(each, Synced)

    def member_restarted(self, cluster: str) -> None:
        self.restarts.append(cluster)

    def member_states(self, states: tuple[MemberState, ...]) -> None:
        self.states = states

    def member_warned(self, secret: object, uid: str, warning: MemberWarning) -> None:
        assert uid
        if warning.reason is WarningReason.INVALID:
            self.refused.append(f"{secret}: {warning.message}")
        else:
            self.warned.append((warning.reason.value, f"{secret}: {warning.message}"))

    def addresses(self, cluster: str = "west", name: str = "store") -> list[str] | None:
        row = self.rows.get((cluster, "shop", name))
        return None if row is None else [each.address for port in row.ports for each in port.endpoints]

    def standing(self, cluster: str = "west") -> str:
        row = self.rows.get(cluster)
        return "" if row is None else row.standing.value


class Rig(Told):
    """The members of one replica; all of them are reached at `members`, which their tokens tell apart."""

    def __init__(self, home: Cluster, member: Cluster) -> None:
        super().__init__()
        self.home = home
        self.member = member
        self.leader = Leader()
        self.tokens: list[str] = []
        means = MemberMeans(
            store=MemberStore(home.client, "gatewayd-system"),
            connect=self._connect,
            leadership=self.leader,
            timing=TIMING,
            clock=clock(),
        )
        self.members = Members(namespace="gatewayd-system", means=means, submit=self.submit, observer=self)
        self._secrets = Reflector(
            client=home.client,
            listing=self.members.listing,
            selection=self.members.selection,
            submit=self.members.listed,
            timing=TIMING,
            on_restart=lambda _kind: None,
        )

    def _connect(self, _access: Access, _pace: MemberPace) -> KubeClient:
        return KubeClient(access(self.member.url), longest=1_000_000)

    def declare(self, document: Json) -> None:
        self.home.server.put(f"{HOME}/{document['metadata']['name']}", document)

    async def reflect(self) -> None:
        await self._secrets.run()

    async def tell(self, kind: str, document: Json) -> None:
        """Have the watch of Secrets tell something."""
        (watch,) = [each for each in self.home.server.watches if each.request.path == HOME][-1:]
        stored = self.home.server.put(f"{HOME}/{document['metadata']['name']}", document)
        if kind == "DELETED":
            del self.home.server.objects[f"{HOME}/{document['metadata']['name']}"]
        await watch.send({"type": kind, "object": stored})

    async def member_says(self, path: str, kind: str, document: Json) -> None:
        """Have the watch of a member tell something."""
        (watch,) = [each for each in self.member.server.watches if each.request.path == path][-1:]
        stored = self.member.server.put(f"{path}/{document['metadata']['name']}", document)
        await watch.send({"type": kind, "object": stored})
