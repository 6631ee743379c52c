"""What proxies have refused is not sent to them again."""

from functools import cache

from gatewayd.api.meta import ObjectKey
from gatewayd.ir.fleet import GatewayFleet
from gatewayd.ir.outcome import FleetReport, RefusedSecret
from gatewayd.ir.tls import Certificate, LastGood, PrivateBytes, TrustBundle
from gatewayd.reconciler import fleet_delta
from gatewayd.store import Delta
from gatewayd.translator.certificates import certificate, last_good
from gatewayd.translator.refused_secrets import refusal
from tests.unit.translator import pem
from tests.unit.translator.manifests import GW, member, scratch

ODD = Certificate(name="shop/cert", chain=b"chain", key=PrivateBytes(b"key"))
SECRET = ObjectKey("shop", "cert")
USED = """
    kind: Gateway
    metadata: {name: gw, namespace: shop}
    spec:
      gatewayClassName: gatewayd
      listeners: [{name: l, port: 443, protocol: HTTPS, tls: {certificateRefs: [{name: cert}]}}]
"""


def refused_by(gateway: ObjectKey, *secrets: Certificate | TrustBundle, words: str = "Failed to\nload") -> Delta:
    """Return the report of proxies that have refused these."""
    refused = tuple(sorted(RefusedSecret(version=each.version, message=words) for each in secrets))
    report = FleetReport(connected=1, acked_listeners=frozenset(), rejections=(), refused_secrets=refused)
    return fleet_delta(GatewayFleet(namespace=gateway.namespace, name=gateway.name), report)


def test_very_that_content_for_very_that_gateway() -> None:
    view = scratch(refused_by(GW, ODD))
    assert refusal(view, GW, ODD) == "a proxy refused it: Failed to load"
    assert refusal(view, ObjectKey("shop", "other"), ODD) is None
    for other in (
        Certificate(name="shop/other", chain=ODD.chain, key=ODD.key),
        Certificate(name=ODD.name, chain=b"chai", key=PrivateBytes(b"nkey")),
        TrustBundle(name=ODD.name, certificates=ODD.chain),
    ):
        assert refusal(view, GW, other) is None


@cache
def numbered(number: int) -> str:
    """Return the Secret with the certificate of a number: a signature is another one each time."""
    key = pem.ec_key(number)
    return pem.secret("cert", pem.certificate_of(key), pem.pem_of(key))


def remembered(number: int, *before: Certificate, refused: tuple[Certificate, ...] = ()) -> tuple[Certificate, ...]:
    """Return what is remembered when a Secret has a certificate, of a number, and had others."""
    history = Delta(kind=LastGood, key=SECRET, obj=LastGood(certificates=before))
    view = scratch(USED, numbered(number), refused_by(GW, *refused), *((history,) if before else ()))
    found = last_good(view, member("Secret", "shop/cert"))
    assert found is not None
    assert found.certificates[0] == certificate(view, SECRET)
    return found.certificates


def test_the_certificate_before_the_last_is_remembered_as_well() -> None:
    (first,) = remembered(1)
    second, before = remembered(2, first)
    assert before == first
    assert remembered(2, second, first) == (second, first)
    assert remembered(3, second, first)[1:] == (second,)


def test_one_that_was_refused_takes_no_place_of_one_that_was_not() -> None:
    (first,) = remembered(1)
    odd, _ = remembered(2, first)
    assert remembered(3, odd, first, refused=(odd,))[1:] == (first,)
