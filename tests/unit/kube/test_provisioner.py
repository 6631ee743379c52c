import base64
import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from gatewayd.api.meta import ObjectKey
from gatewayd.identity.authority import Authority, founded
from gatewayd.identity.certificates import make_ca, node_identity
from gatewayd.infra import layout
from gatewayd.infra.layout import certificate_secret
from gatewayd.infra.objects import CONFIG_HASH_ANNOTATION
from gatewayd.ir.fleet import MESH_FLEET
from gatewayd.ir.infrastructure import Fixed, Keep, Provision, Resources
from gatewayd.ir.limits import RETRY_FIRST_SECONDS
from gatewayd.kube.applier import Applier, InfrastructureCallbacks
from gatewayd.kube.gateway_certificates import GatewayCertificates
from gatewayd.kube.made_object import ObjectName
from gatewayd.kube.provisioner import ControlPlaneAddress, ControlPlaneIdentity, Provisioner
from gatewayd.untrusted.pem import Unreadable, read_certificates
from tests.fakes.api_server import Cluster, Then, refused
from tests.fakes.documents import Json
from tests.fakes.provisions import Provisions
from tests.fakes.running import Leader, running
from tests.fakes.skipping_loop import passes
from tests.unit.infra.gateways import EDGE, with_parameters

KEY = ObjectKey("infra", "edge")
ALL = ["ConfigMap", "Deployment", "NetworkPolicy", "PodDisruptionBudget", "Secret", "Service", "ServiceAccount"]
TAKEN = "is there already and is not managed by gatewayd"
SECRET = f"/api/v1/namespaces/infra/secrets/{certificate_secret(EDGE.object_name)}"


@dataclass
class Believed:
    authority: Authority


def strange_certificates() -> list[bytes]:
    """Return PEM that a reader takes and then stumbles over: a version that is none, and bytes changed in places."""
    pem = make_ca(datetime.now(UTC)).certificate
    der = x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER)
    version = der.index(b"\xa0\x03\x02\x01") + 4
    places = (version, 0, len(der) // 3, len(der) // 2, len(der) - 1)
    return [_pem(der[:at] + bytes([der[at] ^ 5]) + der[at + 1 :]) for at in places] + [b"", b"\xff\x00"]


def _pem(der: bytes) -> bytes:
    text = base64.encodebytes(der)
    return b"-----BEGIN CERTIFICATE-----\n" + text + b"-----END CERTIFICATE-----\n"


class Nothing:
    """What the watches have told: nothing."""

    def made_for(self, gateway: ObjectKey) -> tuple[ObjectName, ...]:
        assert gateway
        return ()


NOTHING = Nothing()


class Rig:
    """A provisioner and the applier that it works for."""

    def __init__(self, cluster: Cluster) -> None:
        self.server = cluster.server
        self.leader = Leader()
        self.wanted = Provisions()
        self.believed = Believed(founded(datetime.now(UTC)))
        self.reports: list[tuple[ObjectKey, tuple[str, ...]]] = []
        self.failures: list[str] = []
        audience = InfrastructureCallbacks(
            on_write=lambda _kind, _result: None,
            report=lambda gateway, problems: self.reports.append((gateway, problems)),
            on_failure=self.failures.append,
        )
        self.applier = Applier(
            client=cluster.client,
            leadership=self.leader,
            inventory=NOTHING,
            ending=(),
            audience=audience,
            is_outranked=lambda: False,
        )
        self.provisioner = Provisioner(
            identity=ControlPlaneIdentity(
                address=ControlPlaneAddress(host="gatewayd.svc.", port=18000, server_name="gatewayd.system.svc"),
                believed=self.believed,
                certificates=GatewayCertificates(cluster.client, "gatewayd-system"),
            ),
            wanted=self.wanted,
            applier=self.applier,
            leadership=self.leader,
            audience=audience,
        )

    def want(self, wanted: Provision | None, key: ObjectKey = KEY) -> None:
        if wanted is None:
            del self.wanted[key]
        else:
            self.wanted[key] = wanted
        self.provisioner.mark(key)

    @property
    def there(self) -> list[str]:
        return sorted(each["kind"] for each in self.server.objects.values())

    def stored(self, kind: str) -> Json:
        [found] = [each for each in self.server.objects.values() if each["kind"] == kind]
        return found

    def stored_names(self, kind: str) -> list[str]:
        return [each["metadata"]["name"] for each in self.server.objects.values() if each["kind"] == kind]

    @property
    def hash(self) -> str:
        found: str = self.stored("Deployment")["spec"]["template"]["metadata"]["annotations"][CONFIG_HASH_ANNOTATION]
        return found


@pytest.fixture
def rig(cluster: Cluster) -> Rig:
    return Rig(cluster)


async def test_a_gateway_gets_everything_that_it_needs(rig: Rig) -> None:
    rig.want(EDGE)
    async with running(rig.provisioner.run(), rig.applier.run()):
        await passes(1.0)
        assert rig.there == ALL
        files = rig.stored("ConfigMap")["data"]
        assert layout.BOOTSTRAP_FILE in files
        bootstrap = json.loads(files[layout.BOOTSTRAP_FILE])
        assert "infra/edge" in json.dumps(bootstrap)
        assert "gatewayd.svc." in json.dumps(bootstrap)
        assert base64.b64decode(rig.stored("Secret")["data"]["ca.crt"]) == rig.believed.authority.bundle


async def test_nodes_get_one_certificate_from_when_there_is_a_mesh(rig: Rig) -> None:
    async with running(rig.provisioner.run(), rig.applier.run()):
        rig.provisioner.mark_all()
        await passes(1.0)
        assert rig.there == []
        rig.provisioner.provide_nodes()
        await passes(1.0)
        stored = rig.stored("Secret")
        assert (stored["metadata"]["namespace"], stored["metadata"]["name"]) == ("gatewayd-system", layout.NODE_SECRET)
        certificates = read_certificates(base64.b64decode(stored["data"]["tls.crt"]))
        assert not isinstance(certificates, Unreadable)
        assert certificates[0].uris == (node_identity(MESH_FLEET),)
        # It is good: nothing takes its place.
        rig.provisioner.provide_nodes()
        rig.provisioner.mark_all()
        await passes(1.0)
        assert len(rig.server.writes) == 1


async def test_a_proxy_is_told_how_much_memory_it_has(rig: Rig) -> None:
    rig.want(with_parameters(resources=Resources(requests=(), limits=(("memory", "100Mi"),))))
    async with running(rig.provisioner.run(), rig.applier.run()):
        await passes(1.0)
        assert str(90 * 1024 * 1024) in rig.stored("ConfigMap")["data"][layout.BOOTSTRAP_FILE]


async def test_a_proxy_is_probed_where_it_listens(rig: Rig) -> None:
    rig.want(replace(EDGE, listens_at="::"))
    async with running(rig.provisioner.run(), rig.applier.run()):
        await passes(1.0)
        made = json.loads(rig.stored("ConfigMap")["data"][layout.BOOTSTRAP_FILE])
        [probes] = made["static_resources"]["listeners"]
        assert probes["address"]["socket_address"]["address"] == "::"


async def test_the_admin_interface_of_a_proxy_has_no_address(rig: Rig) -> None:
    rig.want(EDGE)
    async with running(rig.provisioner.run(), rig.applier.run()):
        await passes(1.0)
        admin = json.loads(rig.stored("ConfigMap")["data"][layout.BOOTSTRAP_FILE])["admin"]["address"]
        assert admin["pipe"]["path"] == layout.ADMIN_SOCKET


async def test_the_secret_is_there_before_the_pods_that_mount_it(rig: Rig) -> None:
    rig.want(EDGE)
    async with running(rig.provisioner.run(), rig.applier.run()):
        await passes(1.0)
        kinds = [each.body["kind"] for each in rig.server.said("PATCH")]
        assert kinds.index("Secret") < kinds.index("Deployment")
        assert kinds.index("ConfigMap") < kinds.index("Deployment")


async def test_a_gateway_that_goes_takes_everything_with_it(rig: Rig) -> None:
    rig.want(EDGE)
    async with running(rig.provisioner.run(), rig.applier.run()):
        await passes(1.0)
        rig.want(None)
        await passes(1.0)
        assert rig.there == []


KEPT = Keep(namespace=EDGE.namespace, name=EDGE.name, uid=EDGE.uid, labels=EDGE.labels, reason="no such ConfigMap")


async def test_what_runs_stays_when_what_is_wanted_cannot_be_had(rig: Rig) -> None:
    rig.want(EDGE)
    async with running(rig.provisioner.run(), rig.applier.run()):
        await passes(1.0)
        writes = len(rig.server.writes)
        rig.want(KEPT)
        await passes(60.0)
        assert rig.there == ALL
        assert len(rig.server.writes) == writes


async def test_nothing_is_made_for_a_gateway_that_never_had_any(rig: Rig) -> None:
    rig.want(KEPT)
    async with running(rig.provisioner.run(), rig.applier.run()):
        await passes(60.0)
        assert rig.there == []


async def test_the_certificate_of_what_is_kept_is_renewed_by_whoever_leads(rig: Rig, cluster: Cluster) -> None:
    rig.want(EDGE)
    async with running(rig.provisioner.run(), rig.applier.run()):
        await passes(1.0)
    successor = Rig(cluster)
    before, labels = rig.stored("Secret")["data"]["tls.crt"], rig.stored("Secret")["metadata"]["labels"]
    successor.want(KEPT)
    async with running(successor.provisioner.run(), successor.applier.run()):
        await passes(1.0)
        assert rig.there == ALL
        assert rig.stored("Secret")["data"]["tls.crt"] != before
        assert rig.stored("Secret")["metadata"]["labels"] == labels


async def test_another_kind_of_workload_replaces_the_first(rig: Rig) -> None:
    rig.want(EDGE)
    async with running(rig.provisioner.run(), rig.applier.run()):
        await passes(1.0)
        rig.want(with_parameters(workload="DaemonSet"))
        await passes(1.0)
        rig.stored("DaemonSet")["status"] = {"numberReady": 1, "desiredNumberScheduled": 1}
        await passes(2.0)
        assert rig.there == ["ConfigMap", "DaemonSet", "NetworkPolicy", "Secret", "Service", "ServiceAccount"]


async def test_looking_again_changes_nothing(rig: Rig) -> None:
    rig.want(EDGE)
    async with running(rig.provisioner.run(), rig.applier.run()):
        await passes(1.0)
        writes = len(rig.server.writes)
        rig.provisioner.mark_all()
        await passes(1.0)
        assert len(rig.server.writes) == writes


async def test_a_new_ca_gives_new_certificates_and_restarts_no_pod(rig: Rig) -> None:
    rig.want(EDGE)
    async with running(rig.provisioner.run(), rig.applier.run()):
        await passes(1.0)
        certificate, config_hash = rig.stored("Secret")["data"]["tls.crt"], rig.hash
        rig.believed.authority = founded(datetime.now(UTC))
        rig.provisioner.mark_all()
        await passes(1.0)
        assert rig.stored("Secret")["data"]["tls.crt"] != certificate
        assert rig.hash == config_hash


async def test_the_latest_wish_counts(rig: Rig) -> None:
    rig.server.script("GET", SECRET, Then(act=lambda: rig.want(with_parameters(scaling=Fixed(replicas=3)))))
    rig.want(EDGE)
    async with running(rig.provisioner.run(), rig.applier.run()):
        await passes(1.0)
        assert rig.stored("Deployment")["spec"]["replicas"] == 3


async def test_one_that_fails_is_tried_again_and_holds_up_no_other(rig: Rig) -> None:
    other = replace(EDGE, name="other")
    rig.server.script("GET", SECRET, refused(403, "Forbidden"))
    rig.want(EDGE)
    rig.want(other, ObjectKey("infra", "other"))
    async with running(rig.provisioner.run(), rig.applier.run()):
        await passes(RETRY_FIRST_SECONDS / 2)
        assert {each["metadata"]["name"] for each in rig.server.objects.values()} == {
            other.object_name,
            certificate_secret(other.object_name),
        }
        await passes(RETRY_FIRST_SECONDS)
        assert rig.there == sorted(ALL * 2)


async def test_only_the_leader_provides(rig: Rig) -> None:
    rig.leader.leads = False
    rig.want(EDGE)
    async with running(rig.provisioner.run(), rig.applier.run()):
        await passes(60.0)
        assert rig.server.requests == []
        rig.leader.leads = True
        rig.applier.became_leader()
        rig.provisioner.mark_all()
        await passes(1.0)
        assert rig.there == ALL


def strange_secret(labels: dict[str, str], key: bytes, certificate: bytes) -> Json:
    data = {"tls.crt": base64.b64encode(certificate).decode(), "tls.key": base64.b64encode(key).decode()}
    metadata = {"name": certificate_secret(EDGE.object_name), "namespace": "infra", "labels": labels}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": data}


async def test_a_secret_that_somebody_else_made_is_not_read_and_said_to_be_in_the_way(rig: Rig) -> None:
    rig.server.put(SECRET, strange_secret({}, b"k", b"c") | {"data": {"tls.crt": "no base64"}})
    other = replace(EDGE, name="other")
    rig.want(EDGE)
    rig.want(other, ObjectKey("infra", "other"))
    async with running(rig.provisioner.run(), rig.applier.run()):
        await passes(1.0)
        assert rig.stored_names("Deployment") == [other.object_name]
        assert (KEY, (f'Secret "infra/{certificate_secret(EDGE.object_name)}" {TAKEN}',)) in rig.reports
        assert rig.server.objects[SECRET]["data"] == {"tls.crt": "no base64"}


@pytest.mark.parametrize("certificate", strange_certificates())
async def test_whatever_our_own_secret_holds_a_good_certificate_takes_its_place(rig: Rig, certificate: bytes) -> None:
    key = make_ca(datetime.now(UTC)).key
    rig.server.put(SECRET, strange_secret({"app.kubernetes.io/managed-by": "gatewayd"}, bytes(key), certificate))
    rig.want(EDGE)
    async with running(rig.provisioner.run(), rig.applier.run()):
        await passes(1.0)
        assert rig.there == ALL
        assert base64.b64decode(rig.stored("Secret")["data"]["tls.crt"]) != certificate
        assert rig.failures == []


async def test_a_failure_that_nobody_expects_is_said_and_tried_again(rig: Rig) -> None:
    good, rig.believed.authority = rig.believed.authority, None  # type: ignore[assignment]
    rig.want(EDGE)
    async with running(rig.provisioner.run(), rig.applier.run()):
        await passes(RETRY_FIRST_SECONDS / 2)
        [(gateway, problems)] = rig.reports
        assert (gateway, rig.failures) == (KEY, ["certificate"])
        assert problems != ()
        rig.believed.authority = good
        await passes(RETRY_FIRST_SECONDS)
        assert rig.there == ALL
        assert rig.reports[-1] == (KEY, ())
