from typing import Any

import pytest

from gatewayd.translator.envoy_gateway.security import security
from tests.unit.envoy_gateway import plain

SERVER = {"backendRefs": [{"name": "door", "port": 80}]}


def taken(**spec: Any) -> Any:
    found = security(spec, "shop")
    assert [str(each) for each in found.refused] == []
    [section] = found.sections
    return plain(section.value)


def told(**spec: Any) -> tuple[list[str], list[str]]:
    found = security(spec, "shop")
    return ([each.path for each in found.refused], [each.path for each in found.differs])


def test_a_server_that_is_asked_by_http() -> None:
    http = {**SERVER, "path": "/check", "headersToBackend": ["x-user"]}
    found = taken(extAuth={"http": http, "headersToExtAuth": ["cookie"], "bodyToExtAuth": {"maxRequestBytes": 10}})
    assert found == {
        "protocol": "HTTP",
        "backendRef": {"name": "door", "port": 80},
        "http": {"path": "/check", "allowedHeaders": ["cookie"], "allowedResponseHeaders": ["x-user"]},
        "forwardBody": {"maxSize": 10},
    }


def test_a_server_that_is_asked_by_grpc() -> None:
    old = {"backendRef": {"name": "door", "port": 80}}
    assert taken(extAuth={"grpc": old, "failOpen": True}) == {
        "protocol": "GRPC",
        "backendRef": {"name": "door", "port": 80},
        "grpc": {},
        "failOpen": True,
    }


@pytest.mark.parametrize(
    ("section", "at"),
    [
        ({}, ""),
        ({"grpc": SERVER, "http": SERVER}, ""),
        ({"grpc": {}}, ".grpc.backendRefs"),
        ({"grpc": {"backendRefs": [*SERVER["backendRefs"], {"name": "b"}]}}, ".grpc.backendRefs"),
        ({"http": {**SERVER, "pathOverride": "/x", "headersToBackend": ["a"]}}, ".http.pathOverride"),
        ({"grpc": SERVER, "statusOnError": 500}, ".statusOnError"),
        ({"grpc": SERVER, "contextExtensions": [{"name": "a", "value": "b"}]}, ".contextExtensions"),
    ],
)
def test_what_cannot_be_had_of_it(section: dict[str, Any], at: str) -> None:
    assert told(extAuth=section)[0] == [f"spec.extAuth{at}"]


def test_what_is_done_in_another_way_is_told() -> None:
    section = {"http": SERVER, "timeout": "3s", "failOpen": True}
    assert told(extAuth=section) == (
        [],
        ["spec.extAuth.timeout", "spec.extAuth.failOpen", "spec.extAuth.http.headersToBackend"],
    )


PROVIDER = {
    "issuer": "https://idp.example",
    "authorizationEndpoint": "https://idp.example/auth",
    "tokenEndpoint": "https://idp.example/token",
    "backendRefs": [{"name": "idp", "port": 443}],
}
LOGIN = {"provider": PROVIDER, "clientID": "shop", "clientSecret": {"name": "login"}}


def test_a_login() -> None:
    more = {"scopes": ["email"], "redirectURL": "https://a.example/back/here", "logoutPath": "/bye"}
    assert taken(oidc={**LOGIN, **more, "forwardAccessToken": True, "cookieDomain": "a.example"}) == {
        "issuer": "https://idp.example",
        "authorizationEndpoint": "https://idp.example/auth",
        "tokenEndpoint": "https://idp.example/token",
        "backendRef": {"name": "idp", "port": 443},
        "clientID": "shop",
        "clientSecretRef": {"name": "login"},
        "scopes": ["email"],
        "callbackPath": "/back/here",
        "logoutPath": "/bye",
        "cookieDomain": "a.example",
        "forwardAccessToken": True,
    }


@pytest.mark.parametrize(
    ("more", "at"),
    [
        ({"provider": {"issuer": "https://idp.example"}}, (".backendRefs",)),
        ({"provider": {**PROVIDER, "tokenEndpoint": None}}, ("",)),
        ({"clientID": None, "clientIDRef": {"name": "a"}}, ("clientID", "clientIDRef")),
        ({"redirectURL": "https://a.example"}, ("redirectURL",)),
        ({"redirectURL": "ftp://a.example/b"}, ("redirectURL",)),
        ({"forwardIDToken": {"header": "x"}}, ("forwardIDToken",)),
        ({"disableTokenEncryption": True}, ("disableTokenEncryption",)),
    ],
)
def test_what_cannot_be_had_of_a_login(more: dict[str, Any], at: tuple[str, ...]) -> None:
    prefix = "spec.oidc.provider" if "provider" in more else "spec.oidc."
    assert sorted(told(oidc={**LOGIN, **more})[0]) == sorted(f"{prefix}{each}" for each in at)
