from dataclasses import replace
from typing import Any

import pytest

from gatewayd.api.accesspolicy import ExternalAuthSection, PolicyBackendRef, PolicyHTTPAuth
from gatewayd.api.meta import ObjectKey
from gatewayd.ir.filters import ExternalAuth, HTTPCheck, PolicyCheck
from gatewayd.ir.http import Forward, Route, WeightedBackend
from gatewayd.translator.policies.closed import Closed
from gatewayd.translator.policies.effective import Effective, Ruled, ScopedTarget
from gatewayd.translator.problems import Unsupported
from gatewayd.translator.protocols import GATEWAY_KIND
from gatewayd.translator.proxies.policy_check import beside_own, policy_check, told_headers
from gatewayd.translator.rules.route_kinds import rules
from tests.unit.translator.manifests import CART, member, scratch

TLS = """
kind: BackendTLSPolicy
metadata: {name: t, namespace: shop}
spec:
  targetRefs: [{group: "", kind: Service, name: cart}]
  validation: {hostname: cart.example, caCertificateRefs: [{group: "", kind: ConfigMap, name: nothing}]}
"""
GRANT = """
kind: ReferenceGrant
metadata: {name: g, namespace: shop}
spec:
  from: [{group: gatewayd.io, kind: AccessPolicy, namespace: infra}]
  to: [{group: "", kind: Service}]
"""
ROUTE = """
kind: HTTPRoute
metadata: {name: r, namespace: shop}
spec: {rules: [{backendRefs: [{name: cart, port: 80}]}]}
"""


def asked(**more: Any) -> ExternalAuthSection:
    ref = PolicyBackendRef(name="cart", port=80, namespace=more.pop("namespace", None))
    return ExternalAuthSection(protocol="HTTP", backend_ref=ref, **more)


def wrong(found: object) -> str:
    assert isinstance(found, Unsupported)
    return found.message


def test_whom_it_asks() -> None:
    found = policy_check(scratch(CART), "shop", asked(fail_open=True))
    assert isinstance(found, PolicyCheck)
    assert (found.auth.upstream.name, found.fails_open) == ("cart", True)


def test_what_is_wrong_has_the_path_below_the_section() -> None:
    assert wrong(policy_check(scratch(), "shop", asked())) == 'backendRef: Service "shop/cart" does not exist'
    assert wrong(policy_check(scratch(), "shop", ExternalAuthSection())) == "backendRef: is required, and protocol"


def test_another_namespace_has_to_allow_it() -> None:
    assert wrong(policy_check(scratch(CART), "infra", asked(namespace="shop"))).startswith("backendRef: ")
    assert isinstance(policy_check(scratch(CART, GRANT), "infra", asked(namespace="shop")), PolicyCheck)


def test_a_server_that_needs_tls_and_cannot_have_it_is_no_server() -> None:
    message = wrong(policy_check(scratch(CART, TLS), "shop", asked(fail_open=True)))
    assert message.startswith("backendRef: no plain text is sent: ")


def test_headers_that_the_server_alone_may_say() -> None:
    http = PolicyHTTPAuth(allowed_headers=("X-Seen",), allowed_response_headers=("X-User", "x-seen"))
    assert told_headers(asked(http=http)) == ("x-user",)
    assert told_headers(ExternalAuthSection()) == ()
    assert told_headers(asked(http=PolicyHTTPAuth(path="/.."))) == ()


def route() -> Route:
    (ranked,) = rules(scratch(CART, ROUTE), member("HTTPRoute", "shop/r")).routes
    return ranked.route


def of_share(found: Route, auth: ExternalAuth) -> Route:
    assert isinstance(found.action, Forward)
    shares: tuple[WeightedBackend, ...] = tuple(replace(each, filters=(auth,)) for each in found.action.backends)
    return replace(found, action=replace(found.action, backends=shares))


@pytest.mark.parametrize(("is_override", "own", "share", "expected"), [
    (False, False, True, 1),
    (False, True, True, 0),
    (True, True, False, 1),
    (True, True, True, None),
])  # fmt: skip
def test_a_rule_and_its_backends_may_ask_themselves(
    *, is_override: bool, own: bool, share: bool, expected: int | None
) -> None:
    check = policy_check(scratch(CART), "shop", asked())
    assert isinstance(check, PolicyCheck)
    auth = replace(check.auth, check=HTTPCheck(path_prefix="/own", headers=(), response_headers=()))
    ruled = (
        Ruled("external_auth", asked(), ObjectKey("shop", "p"), ScopedTarget(GATEWAY_KIND, ObjectKey("", ""), "")),
    )
    in_force = Effective(overrides=ruled if is_override else (), defaults=() if is_override else ruled)
    asking = replace(route(), filters=(auth,) if own else ())
    found = beside_own((check,), of_share(asking, auth) if share else asking, in_force)
    assert (None if isinstance(found, Closed) else len(found)) == expected
