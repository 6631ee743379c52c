"""Where keys are fetched from, and what has come; tests/feature/test_policy_key_sets.py asks a real Envoy."""

import pytest

from gatewayd.api.accesspolicy import JWT, AccessPolicy, JWTProvider, KeySet, PolicyBackendRef
from gatewayd.api.meta import ObjectKey
from gatewayd.incremental.view import Member
from gatewayd.ir.backend import Endpoint
from gatewayd.ir.key_sets import FetchedKeySet, KeySetSource, SourceKeys
from gatewayd.ir.policy import Tokens
from gatewayd.store import Delta
from gatewayd.translator.problems import Unsupported
from gatewayd.translator.proxies.key_sets import (
    access_tokens,
    are_keys_asked,
    fetched_key_sets,
    key_set_faults,
    key_set_targets,
    key_source,
)
from tests.unit.translator.manifests import CART, deltas, scratch

URI = "https://idp.example/keys"
SOURCE = KeySetSource(uri=URI, via=None)
KEY = ObjectKey("shop", "login")
MEMBER = Member(AccessPolicy, KEY)
LOGIN = f"""
kind: AccessPolicy
metadata: {{name: login, namespace: shop}}
spec:
  targetRefs: [{{group: gateway.networking.k8s.io, kind: HTTPRoute, name: r}}]
  default:
    jwt:
      providers:
      - {{name: corp, issuer: "https://idp.example", keys: {{uri: "{URI}"}}}}
      - {{name: again, issuer: "https://two.example", keys: {{uri: "{URI}"}}}}
      - name: own
        issuer: https://own.example
        keys: {{uri: "http://own.example/", backendRef: {{name: cart, port: 80}}}}
"""


def fetched(keys: str, fault: str = "", source: KeySetSource = SOURCE) -> Delta:
    return Delta(kind=FetchedKeySet, key=source, obj=FetchedKeySet(keys=keys, fault=fault))


def ref(name: str = "cart", **more: str) -> PolicyBackendRef:
    return PolicyBackendRef(name=name, port=80, **more)


def test_a_source_is_a_uri_or_a_backend() -> None:
    view = scratch(CART)
    assert key_source(view, "shop", KeySet(uri=URI)) == SOURCE
    asked = key_source(view, "shop", KeySet(uri="http://x.example/", backend_ref=ref()))
    assert isinstance(asked, KeySetSource)
    assert str(asked) == "http://x.example/ at Service shop/cart:80"


@pytest.mark.parametrize(
    ("namespace", "written", "why"),
    [
        ("shop", KeySet(uri="http://idp.example/"), "uri: must be of the scheme https, unless a backendRef says"),
        ("shop", KeySet(uri=URI, backend_ref=ref("none")), 'backendRef: Service "shop/none" does not exist'),
        ("infra", KeySet(uri=URI, backend_ref=ref(namespace="shop")), "backendRef: "),
    ],
)
def test_what_may_not_be_asked_is_named(namespace: str, written: KeySet, why: str) -> None:
    found = key_source(scratch(CART), namespace, written)
    assert isinstance(found, str)
    assert found.startswith(why)
    provider = JWTProvider(name="corp", issuer="https://idp", keys=written)
    closed = access_tokens(scratch(CART), namespace, JWT(providers=(provider,)))
    assert isinstance(closed, Unsupported)
    assert closed.message == f"providers[0].keys.{found}"


TLS = """
kind: BackendTLSPolicy
metadata: {name: t, namespace: shop}
spec:
  targetRefs: [{group: "", kind: Service, name: cart}]
  validation: {hostname: own.example, %s}
"""
SYSTEM = TLS % "wellKnownCACertificates: System"
NO_CA = TLS % 'caCertificateRefs: [{group: "", kind: ConfigMap, name: nothing}]'


def test_a_backend_that_asks_for_tls_is_sent_no_plain_text() -> None:
    plain, own = (KeySet(uri=f"{scheme}://own.example/", backend_ref=ref()) for scheme in ("http", "https"))
    why = key_source(scratch(CART, *deltas(SYSTEM)), "shop", plain)
    assert why == "uri: must be of the scheme https: a BackendTLSPolicy has the backend spoken to under TLS"
    assert isinstance(key_source(scratch(CART, *deltas(SYSTEM)), "shop", own), KeySetSource)
    closed = key_source(scratch(CART, *deltas(NO_CA)), "shop", own)
    assert isinstance(closed, str)
    assert closed.startswith("backendRef: no plain text is sent: ")


def test_tokens_name_the_source_and_not_what_has_come_of_it() -> None:
    provider = JWTProvider(name="corp", issuer="https://idp", keys=KeySet(uri=URI))
    found = access_tokens(scratch(fetched("k")), "shop", JWT(providers=(provider,)))
    assert isinstance(found, Tokens)
    assert [each.keys for each in found.issuers] == [SOURCE]


def test_each_source_of_a_policy_is_fetched_once_where_it_is() -> None:
    slices = """
kind: EndpointSlice
metadata: {name: cart-1, namespace: shop, labels: {kubernetes.io/service-name: cart}}
addressType: IPv4
ports: [{name: http, port: 8080}]
endpoints: [{addresses: [10.0.0.7]}]
"""
    targets = key_set_targets(scratch(CART, *deltas(LOGIN), *deltas(slices)), MEMBER)
    assert targets is not None
    assert [str(each.source) for each in targets] == [URI, "http://own.example/ at Service shop/cart:80"]
    assert targets[0].endpoints == ()
    assert all(isinstance(each, Endpoint) for each in targets[1].endpoints)
    assert key_set_targets(scratch(), MEMBER) is None


def test_what_has_come_is_for_all_and_without_keys_it_is_nothing() -> None:
    view = scratch(CART, *deltas(LOGIN), fetched("k1", "down"))
    assert fetched_key_sets(view, ()) == (SourceKeys(source=SOURCE, keys="k1"),)
    assert fetched_key_sets(scratch(CART, *deltas(LOGIN), fetched("", "down")), ()) == ()
    # Nobody names it any more.
    assert fetched_key_sets(scratch(fetched("k1")), ()) == ()


def test_faults_have_their_path_and_say_what_comes_of_them() -> None:
    view = scratch(CART, *deltas(LOGIN), fetched("", "down"))
    row = view.get(AccessPolicy, KEY)
    assert row is not None
    assert not are_keys_asked(view, row)
    one, two = key_set_faults(view, row)
    assert one == f"spec.default.jwt.providers[0].keys: {URI}: down; until there are keys its tokens get a 401"
    assert two.startswith("spec.default.jwt.providers[1].keys: ")
    own = key_source(view, "shop", KeySet(uri="http://own.example/", backend_ref=ref()))
    assert isinstance(own, KeySetSource)
    view = scratch(CART, *deltas(LOGIN), fetched("k1"), fetched("k2", source=own))
    assert (are_keys_asked(view, row), list(key_set_faults(view, row))) == (True, [])
