import asyncio
import base64
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509

from gatewayd.identity.authority import Authority, founded
from gatewayd.identity.certificates import LEAF_LIFETIME, KeyPair, Subject, check_pair, gateway_identity, issue, make_ca
from gatewayd.infra.layout import RATE_LIMIT_SECRET, certificate_secret
from gatewayd.ir.fleet import GatewayFleet
from gatewayd.ir.infrastructure import Infrastructure
from gatewayd.kube.api_errors import CONNECTION_ERRORS, ApiError
from gatewayd.kube.gateway_certificates import GatewayCertificates, secret_document
from gatewayd.own_group import RATE_LIMIT_IDENTITY
from tests.fakes.api_server import Answer, Cluster, Drop, Reply, refused
from tests.unit.infra.gateways import EDGE
from tests.unit.translator.pem import of_version_seven, on_unknown_curve

NOW = datetime.now(UTC)
AUTHORITY = founded(NOW)
PATH = f"/api/v1/namespaces/infra/secrets/{certificate_secret(EDGE.object_name)}"
EDGE_URI = gateway_identity(GatewayFleet(namespace="infra", name="edge"), EDGE.uid)


class Rig:
    def __init__(self, cluster: Cluster) -> None:
        self.server = cluster.server
        self.certificates = GatewayCertificates(cluster.client, "gatewayd-system")

    async def data(self, authority: Authority = AUTHORITY, wanted: Infrastructure = EDGE) -> Mapping[str, str]:
        return await self.certificates.data(wanted, authority)

    def holds(self, data: Mapping[str, str]) -> None:
        self.server.put(PATH, {**secret_document(EDGE, data)})

    def holds_pair(self, found: KeyPair) -> KeyPair:
        self.holds({"tls.crt": encoded(found.certificate), "tls.key": encoded(bytes(found.key))})
        return found


def encoded(value: bytes) -> str:
    return base64.b64encode(value).decode()


def pair(data: Mapping[str, str]) -> KeyPair:
    found = check_pair(base64.b64decode(data["tls.crt"]), base64.b64decode(data["tls.key"]))
    assert isinstance(found, KeyPair)
    return found


def issued(*, by: KeyPair = AUTHORITY.signing, at: datetime = NOW, uris: tuple[str, ...] = (EDGE_URI,)) -> KeyPair:
    return issue(by, Subject(common_name="edge", dns_names=(), uris=uris), at)


@pytest.fixture
def rig(cluster: Cluster) -> Rig:
    return Rig(cluster)


async def test_a_new_gateway_gets_a_certificate(rig: Rig) -> None:
    data = await rig.data()
    found = x509.load_pem_x509_certificate(pair(data).certificate)
    found.verify_directly_issued_by(x509.load_pem_x509_certificate(AUTHORITY.signing.certificate))
    names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.UniformResourceIdentifier) == [EDGE_URI]
    assert base64.b64decode(data["ca.crt"]) == AUTHORITY.bundle
    assert [each.path for each in rig.server.requests] == [PATH]


async def test_it_is_kept_while_it_is_good(rig: Rig) -> None:
    data = await rig.data()
    rig.holds(data)
    assert await rig.data() == data
    kept = rig.holds_pair(issued(at=NOW - LEAF_LIFETIME / 2))
    assert pair(await rig.data()) == kept


async def test_it_is_kept_when_only_more_is_believed(rig: Rig) -> None:
    kept = rig.holds_pair(issued())
    more = replace(AUTHORITY, successor=make_ca(NOW))
    data = await rig.data(more)
    assert pair(data) == kept
    assert base64.b64decode(data["ca.crt"]) == more.bundle != AUTHORITY.bundle


@pytest.mark.parametrize(
    "bad",
    [
        issued(at=NOW - LEAF_LIFETIME * 2 / 3 - timedelta(hours=1)),
        issued(at=NOW - LEAF_LIFETIME * 2),
        issued(by=make_ca(NOW)),
        issued(uris=(gateway_identity(GatewayFleet(namespace="infra", name="other"), EDGE.uid),)),
        issued(uris=(EDGE_URI, gateway_identity(GatewayFleet(namespace="infra", name="other"), EDGE.uid))),
        issued(uris=(gateway_identity(GatewayFleet(namespace="infra", name="edge"), ""),)),
        issued(uris=(gateway_identity(GatewayFleet(namespace="infra", name="edge"), "of the one before"),)),
        AUTHORITY.signing,
        KeyPair(certificate=issued().certificate, key=issued().key),
        KeyPair(certificate=b"", key=issued().key),
        KeyPair(certificate=of_version_seven(issued().certificate), key=issued().key),
        KeyPair(certificate=on_unknown_curve(issued().certificate), key=issued().key),
    ],
    ids=[
        "due",
        "expired",
        "another CA",
        "another Gateway",
        "more than one",
        "without a uid",
        "another uid",
        "the CA itself",
        "mixed",
        "empty",
        "a version that there is not",
        "a key on an unknown curve",
    ],
)
async def test_what_is_not_good_is_replaced(rig: Rig, bad: KeyPair) -> None:
    rig.holds_pair(bad)
    found = pair(await rig.data())
    assert found.certificate != bad.certificate
    assert not found.is_due(NOW, LEAF_LIFETIME)


@pytest.mark.parametrize("data", [None, {}, {"tls.crt": "no base64!", "tls.key": "="}, {"tls.crt": "", "tls.key": ""}])
async def test_a_secret_that_a_stranger_has_made_is_as_good_as_none(rig: Rig, data: Mapping[str, str] | None) -> None:
    rig.server.put(PATH, {"metadata": {"name": "x"}, "data": data})
    assert not pair(await rig.data()).is_due(NOW, LEAF_LIFETIME)


async def test_a_new_ca_signs_everything_anew(rig: Rig) -> None:
    rig.holds_pair(issued())
    signing = make_ca(NOW)
    turned = Authority(signing=signing, successor=None, retired=(AUTHORITY.signing.certificate,))
    data = await rig.data(turned)
    found = x509.load_pem_x509_certificate(pair(data).certificate)
    found.verify_directly_issued_by(x509.load_pem_x509_certificate(signing.certificate))
    assert base64.b64decode(data["ca.crt"]) == turned.bundle


@pytest.mark.parametrize("answer", [refused(500), refused(403), Drop(), Reply(body=b"<html>")])
async def test_nothing_is_made_when_nobody_says_what_is_there(rig: Rig, answer: Answer) -> None:
    # A new certificate for each failed request would be a new Secret each time.
    rig.server.script("GET", PATH, answer, answer)
    with pytest.raises((ApiError, *CONNECTION_ERRORS)):
        await rig.data()


def test_the_secret_belongs_to_its_gateway() -> None:
    document = secret_document(EDGE, {"tls.crt": "eA=="})
    metadata = document["metadata"]
    assert (document["type"], document["data"]) == ("kubernetes.io/tls", {"tls.crt": "eA=="})
    assert (metadata["namespace"], metadata["name"]) == ("infra", certificate_secret(EDGE.object_name))
    assert metadata["ownerReferences"][0]["uid"] == EDGE.uid
    assert metadata["labels"]["app.kubernetes.io/managed-by"] == "gatewayd"


RATE_LIMIT_PATH = f"/api/v1/namespaces/gatewayd-system/secrets/{RATE_LIMIT_SECRET}"


async def test_rate_limit_services_have_one_of_their_own_beside_the_control_plane(rig: Rig) -> None:
    await rig.certificates.keep_rate_limits(AUTHORITY)
    stored = rig.server.objects[RATE_LIMIT_PATH]["data"]
    found = x509.load_pem_x509_certificate(pair(stored).certificate)
    names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.UniformResourceIdentifier) == [RATE_LIMIT_IDENTITY]
    await rig.certificates.keep_rate_limits(AUTHORITY)
    assert len(rig.server.writes) == 1
    await rig.certificates.keep_rate_limits(founded(NOW))
    assert rig.server.objects[RATE_LIMIT_PATH]["data"] != stored


async def test_of_gateways_that_are_provided_at_once_one_makes_it(rig: Rig) -> None:
    await asyncio.gather(*(rig.certificates.keep_rate_limits(AUTHORITY) for _ in range(3)))

    assert len(rig.server.writes) == 1
