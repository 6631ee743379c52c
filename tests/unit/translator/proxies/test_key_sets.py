"""Where keys are fetched from, and what has come; tests/feature/test_policy_key_sets.py asks a real Envoy."""

from typing import Any

import pytest

from gatewayd.api.accesspolicy import JWT, OIDC, AccessPolicy, JWTProvider, KeySet, PolicyBackendRef
from gatewayd.api.meta import ObjectKey
from gatewayd.incremental.view import Member
from gatewayd.ir.backend import Endpoint
from gatewayd.ir.key_sets import FetchedKeySet, KeySetSource, ProxyKeySet, SourceKeys
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
    provider_source,
    source_words,
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


BY_PROXIES = KeySet(uri="http://idp.example/", backend_ref=ref(), fetched_by="Proxy")


def test_keys_that_proxies_fetch_are_no_source_of_ours() -> None:
    view = scratch(CART)
    asked = key_source(view, "shop", BY_PROXIES)
    assert isinstance(asked, ProxyKeySet)
    assert (asked.uri, asked.via.name) == ("http://idp.example/", "cart")
    row = view.get(AccessPolicy, KEY)
    assert row is None
    provider = JWTProvider(name="corp", issuer="https://idp", keys=BY_PROXIES)
    found = access_tokens(view, "shop", JWT(providers=(provider,)))
    assert isinstance(found, Tokens)
    assert [each.keys for each in found.issuers] == [asked]


def oidc(**fields: Any) -> OIDC:
    return OIDC(**{"issuer": "http://idp.example/realm", "backend_ref": ref(), **fields})


def test_a_provider_is_asked_where_the_policy_does_not_say_it_all() -> None:
    view = scratch(CART)
    source = provider_source(view, "shop", oidc())
    assert isinstance(source, KeySetSource)
    assert source.is_provider
    assert str(source) == "http://idp.example/realm/.well-known/openid-configuration at Service shop/cart:80"
    whole = oidc(authorization_endpoint="http://a/x", token_endpoint="http://a/y")
    assert provider_source(view, "shop", whole) is None


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"backend_ref": ref("none")}, 'backendRef: Service "shop/none" does not exist'),
        ({"tls": True}, "issuer: must be of the scheme https: a BackendTLSPolicy has the backend spoken to under TLS"),
    ],
)
def test_a_provider_that_may_not_be_asked_is_named(more: dict[str, Any], why: str) -> None:
    view = scratch(CART, *(deltas(SYSTEM) if more.pop("tls", False) else ()))
    found = provider_source(view, "shop", oidc(**more))
    assert isinstance(found, str)
    assert found.startswith(why)


def test_where_keys_come_from_and_since_when() -> None:
    section = JWT(
        providers=(
            JWTProvider(name="corp", issuer="https://idp", keys=KeySet(uri=URI)),
            JWTProvider(name="own", issuer="https://own", keys=KeySet(inline="{}")),
            JWTProvider(name="near", issuer="https://near", keys=BY_PROXIES),
        )
    )

    def words(*rows: Delta) -> list[str]:
        return list(source_words(scratch(CART, *rows), "shop", section))

    known = FetchedKeySet(keys="k1", fault="", since="2026-01-02T03:04:05Z")
    near = "keys of near: each proxy asks Service shop/cart for http://idp.example/"
    assert words() == [f"keys of corp: {URI}, not fetched yet", near]
    assert words(Delta(kind=FetchedKeySet, key=SOURCE, obj=known))[0] == (
        f"keys of corp: {URI}, unchanged since 2026-01-02T03:04:05Z"
    )
    assert words(fetched("k1", "down"))[0] == (
        f"keys of corp: {URI}, kept from before gatewayd started; the last request failed: down"
    )
    assert list(source_words(scratch(CART), "shop", oidc())) == [
        "endpoints: http://idp.example/realm/.well-known/openid-configuration at Service shop/cart:80, not fetched yet"
    ]


def test_what_a_provider_says_is_no_key() -> None:
    login = """
kind: AccessPolicy
metadata: {name: login, namespace: shop}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: HTTPRoute, name: r}]
  default:
    oidc:
      issuer: http://idp.example/realm
      backendRef: {name: cart, port: 80}
      clientID: shop
      clientSecretRef: {name: s}
"""
    source = provider_source(scratch(CART), "shop", oidc())
    assert isinstance(source, KeySetSource)
    view = scratch(CART, *deltas(login), fetched("", "down", source))
    row = view.get(AccessPolicy, KEY)
    assert row is not None
    assert list(key_set_faults(view, row)) == [f"spec.default.oidc.issuer: {source}: down; requests get a 500"]
    assert fetched_key_sets(scratch(CART, *deltas(login), fetched("{}", source=source)), ()) == ()
