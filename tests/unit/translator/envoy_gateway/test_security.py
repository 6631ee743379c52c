from typing import Any

import pytest

from gatewayd.translator.envoy_gateway.security import security
from tests.unit.envoy_gateway import plain
from tests.unit.policies import target


def taken(**spec: Any) -> dict[str, Any]:
    """Return the sections of a spec of which nothing is refused, as plain values."""
    found = security(spec, "shop")
    assert [str(each) for each in found.refused] == []
    return {each.name: plain(each.value) for each in found.sections}


def refused(**spec: Any) -> list[str]:
    return [str(each).partition(": ")[0] for each in security(spec, "shop").refused]


def test_cors() -> None:
    origins = ["https://*.a.example", "moz-extension://x", "https://*"]
    found = taken(cors={"allowOrigins": origins, "allowMethods": ["PURGE"], "maxAge": "10m", "allowCredentials": True})
    assert found == {
        "cors": {"allowOrigins": origins, "allowMethods": ["PURGE"], "maxAge": 600, "allowCredentials": True}
    }


def test_csrf_compares_hosts_as_theirs_does() -> None:
    found = taken(csrf={"additionalOrigins": ["https://A.example", "https://*.b.example:8443"]})
    assert found == {"csrf": {"additionalHosts": ["a.example", "*.b.example:8443"]}}
    assert taken(csrf={}) == {"csrf": {}}
    assert refused(csrf={"additionalOrigins": ["*", "https://a.*.example"]}) == [
        "spec.csrf.additionalOrigins[0]",
        "spec.csrf.additionalOrigins[1]",
    ]


def test_basic_and_keys() -> None:
    assert taken(basicAuth={"users": {"name": "users"}, "forwardUsernameHeader": "x-user"}) == {
        "basic": {"secretRef": {"name": "users"}, "clientHeader": "x-user"}
    }
    sources = [{"headers": ["x-key"], "params": ["key"]}, {"cookies": ["key"]}]
    assert taken(apiKeyAuth={"credentialRefs": [{"name": "keys"}], "extractFrom": sources}) == {
        "api_keys": {
            "secretRefs": [{"name": "keys"}],
            "sources": [
                {"type": "Header", "name": "x-key"},
                {"type": "Query", "name": "key"},
                {"type": "Cookie", "name": "key"},
            ],
        }
    }
    assert refused(apiKeyAuth={"credentialRefs": [], "extractFrom": [{}]}) == ["spec.apiKeyAuth.extractFrom"]


def test_what_is_in_another_namespace_is_looked_for_there() -> None:
    users = {"name": "users", "namespace": "vault"}
    assert taken(basicAuth={"users": users})["basic"]["secretRef"] == users


def provider(**more: Any) -> dict[str, Any]:
    return {"name": "corp", "issuer": "https://idp.example", "localJWKS": {"inline": "{}"}, **more}


def test_tokens() -> None:
    claims = [{"header": "x-user", "claim": "sub"}]
    found = taken(jwt={"optional": True, "providers": [provider(audiences=["shop"], claimToHeaders=claims)]})
    assert found["jwt"] == {
        "optional": True,
        "providers": [
            {
                "name": "corp",
                "issuer": "https://idp.example",
                "audiences": ["shop"],
                "keys": {"inline": "{}"},
                "claimHeaders": [{"claim": "sub", "header": "x-user"}],
            }
        ],
    }
    remote = {"uri": "http://idp/keys", "backendRefs": [{"name": "idp", "port": 80}]}
    keys = taken(jwt={"providers": [provider(localJWKS=None, remoteJWKS=remote)]})["jwt"]["providers"][0]["keys"]
    assert keys == {"uri": "http://idp/keys", "backendRef": {"name": "idp", "port": 80}}


@pytest.mark.parametrize(
    ("jwt", "at"),
    [
        ({"providers": [provider(issuer=None)]}, ".providers[0].issuer"),
        ({"providers": [provider(localJWKS=None)]}, ".providers[0]"),
        ({"providers": [provider(localJWKS={})]}, ".providers[0].localJWKS.inline"),
        ({"providers": [provider()], "failOpen": True}, ".failOpen"),
        ({"providers": [provider(recomputeRoute=True)]}, ".providers[0].recomputeRoute"),
        ({"providers": [provider(extractFrom={"params": ["t"]})]}, ".providers[0].extractFrom"),
    ],
)
def test_tokens_that_cannot_be_had(jwt: dict[str, Any], at: str) -> None:
    assert refused(jwt=jwt) == [f"spec.jwt{at}"]


def test_a_login_beside_tokens_must_say_that_a_token_stands_for_it() -> None:
    login = {
        "provider": {
            "issuer": "https://idp.example",
            "authorizationEndpoint": "https://idp.example/auth",
            "tokenEndpoint": "https://idp.example/token",
            "backendRefs": [{"name": "idp", "port": 443}],
        },
        "clientID": "shop",
        "clientSecret": {"name": "login"},
    }
    tokens = {"providers": [provider()]}
    assert set(taken(oidc={**login, "passThroughAuthHeader": True}, jwt=tokens)) == {"oidc", "jwt"}
    assert refused(oidc=login, jwt=tokens) == ["spec.oidc.passThroughAuthHeader"]
    assert refused(oidc={**login, "passThroughAuthHeader": True}) == ["spec.oidc.passThroughAuthHeader"]


def test_connections_have_addresses_only() -> None:
    refs = [target("TCPRoute", "t")]
    allowed = {"rules": [{"action": "Allow", "principal": {"clientCIDRs": ["10.0.0.0/8"]}}]}
    assert set(taken(targetRefs=refs, authorization=allowed)) == {"clients"}
    assert refused(targetRefs=refs, cors={}, authorization=allowed) == ["spec.cors"]
    methods = {"rules": [{"action": "Allow", "operation": {"methods": ["GET"]}}]}
    assert refused(targetRefs=refs, authorization=methods) == ["spec.authorization"]


def test_only_policies_of_routes_are_merged() -> None:
    assert refused(targetRefs=[target("Gateway", "gw")], mergeType="JSONMerge", cors={}) == ["spec.mergeType"]
    assert set(taken(targetRefs=[target("HTTPRoute", "r")], mergeType="JSONMerge", cors={})) == {"cors"}


def test_an_empty_one_takes_everything_off() -> None:
    assert taken(targetRefs=[target("HTTPRoute", "r")]) == {}
