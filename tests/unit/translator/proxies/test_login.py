import base64
import json
from typing import Any

import pytest

from gatewayd.api.accesspolicy import OIDC, PolicyBackendRef, SecretRef
from gatewayd.ir.key_sets import FetchedKeySet
from gatewayd.ir.policy import Login
from gatewayd.store import Delta
from gatewayd.translator.problems import Unsupported
from gatewayd.translator.proxies.key_sets import provider_source
from gatewayd.translator.proxies.login import CLIENT_SECRET, login
from tests.unit.translator.manifests import CART, delta, scratch

GRANT = """
kind: ReferenceGrant
metadata: {name: g, namespace: shop}
spec:
  from: [{group: gatewayd.io, kind: AccessPolicy, namespace: infra}]
  to: [{group: "", kind: Secret}, {group: "", kind: Service}]
"""
TLS = """
kind: BackendTLSPolicy
metadata: {name: t, namespace: shop}
spec:
  targetRefs: [{group: "", kind: Service, name: cart}]
  validation: {hostname: cart.example, wellKnownCACertificates: System}
"""


def client(text: str = "a-secret-of-the-client", entry: str = CLIENT_SECRET) -> Any:
    data = {entry: base64.b64encode(text.encode()).decode()}
    return delta({"kind": "Secret", "apiVersion": "v1", "metadata": {"name": "s", "namespace": "shop"}, "data": data})


def section(**fields: Any) -> OIDC:
    usual: dict[str, Any] = {
        "issuer": "http://idp.example",
        "authorization_endpoint": "http://idp.example/auth",
        "token_endpoint": "http://idp.example/token",
        "backend_ref": PolicyBackendRef(name="cart", namespace="shop", port=80),
        "client_id": "shop",
        "client_secret_ref": SecretRef(name="s", namespace="shop"),
    }
    return OIDC(**{**usual, **fields})


def found(*more: str, secret: Any = None, namespace: str = "shop", **fields: Any) -> Login:
    read = login(scratch(CART, *more, secret or client()), namespace, section(**fields))
    assert isinstance(read, Login)
    return read


def wrong(*sources: Any, namespace: str = "shop", **fields: Any) -> str:
    read = login(scratch(*sources), namespace, section(**fields))
    assert isinstance(read, Unsupported)
    assert "hunter" not in read.message
    return read.message


def test_what_is_left_out_is_usual() -> None:
    read = found()
    assert (read.callback_path, read.logout_path, read.scopes) == ("/oauth2/callback", "/logout", ("openid",))
    assert found(scopes=("email", "openid")).scopes == ("openid", "email")


def test_the_key_of_sessions_depends_on_whatever_makes_them_others() -> None:
    keys = {
        bytes(each.session_key.content)
        for each in (
            found(),
            found(secret=client("another-secret-of-the-client")),
            found(issuer="http://other.example"),
            found(client_id="other"),
            found(cookie_domain="example"),
            found(GRANT, namespace="infra"),
        )
    }
    assert len(keys) == 6
    assert found().session_key == found().session_key
    assert {len(each) for each in keys} == {64}


@pytest.mark.parametrize(("sources", "fields", "why"), [
    ((CART,), {}, 'clientSecretRef: Secret "shop/s" does not exist'),
    ((CART, client("hunter2")), {}, 'clientSecretRef: Secret "shop/s" has no client secret; allowed: 16 to 4096 '),
    ((CART, client("hunter two hunter two")), {}, 'clientSecretRef: Secret "shop/s" has no client secret; '),
    ((CART, client(entry="other")), {}, 'clientSecretRef: Secret "shop/s" has no client secret; '),
    ((client(),), {}, 'backendRef: Service "shop/cart" does not exist'),
    ((CART, client()), {"issuer": None}, "issuer: is required, and "),
    ((CART, client()), {"backend_ref": None}, "backendRef: is required"),
    ((CART, client()), {"client_secret_ref": None}, "clientSecretRef: is required"),
    ((CART, client()), {"callback_path": "/logout"}, "logoutPath: is the callbackPath; "),
    ((CART, client()), {"token_endpoint": "https://idp/token"}, "backendRef: tokenEndpoint is https, and Service "),
])  # fmt: skip
def test_what_cannot_be_had(sources: tuple[Any, ...], fields: dict[str, Any], why: str) -> None:
    assert wrong(*sources, **fields).startswith(why)


def test_https_where_the_backend_is_spoken_to_so() -> None:
    assert found(TLS, token_endpoint="https://idp.example/token").provider.name == "cart"


def test_another_namespace_has_to_allow_both() -> None:
    for_services = GRANT.replace('{group: "", kind: Secret}, ', "")
    assert wrong(CART, client(), namespace="infra").startswith("backendRef: ")
    assert wrong(CART, client(), for_services, namespace="infra").startswith("clientSecretRef: ")
    assert found(GRANT, namespace="infra").client_id == "shop"


METADATA = json.dumps(
    {"authorization": "http://idp/auth", "token": "http://idp/token", "end_session": "http://idp/out"}
)


def discovered(*rows: Any) -> Login | Unsupported:
    asked = section(authorization_endpoint=None, token_endpoint=None)
    return login(scratch(CART, client(), *rows), "shop", asked)


def answered(keys: str, fault: str = "") -> Delta:
    source = provider_source(scratch(CART), "shop", section(authorization_endpoint=None, token_endpoint=None))
    return Delta(kind=FetchedKeySet, key=source, obj=FetchedKeySet(keys=keys, fault=fault))


def test_endpoints_are_what_the_provider_says() -> None:
    read = discovered(answered(METADATA))
    assert isinstance(read, Login)
    assert (read.authorization_endpoint, read.token_endpoint) == ("http://idp/auth", "http://idp/token")
    assert read.end_session_endpoint == "http://idp/out"
    # Whoever has logged in stays so when the endpoints are found in the other way.
    assert read.session_key == found().session_key
    assert discovered(answered(METADATA, "down")) == read


@pytest.mark.parametrize("rows", [(), (answered("", "down"),), (answered("{}"),)])
def test_before_the_provider_has_said_it_nobody_comes_in(rows: tuple[Delta, ...]) -> None:
    read = discovered(*rows)
    assert isinstance(read, Unsupported)
    assert read.message.startswith(
        "issuer: http://idp.example/.well-known/openid-configuration could not be fetched yet"
    )
