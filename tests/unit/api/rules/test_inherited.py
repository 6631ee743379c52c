from collections.abc import Mapping

import pytest
from msgspec import Struct
from msgspec.structs import fields

from gatewayd.api.inherited import PolicySection
from gatewayd.api.routepolicy import RouteSections
from gatewayd.api.rules.inherited import SPECS, VALIDATIONS, section_structs, sections_of
from tests.unit.api.documents import Document, problems
from tests.unit.policies import GROUP, policy, target

EDGE = target("Gateway", "edge")
TIMES = {"timeouts": {"request": "1s"}}
KEYS = {"secretRefs": [{"name": "s"}]}
JWT = {"providers": [{"name": "a", "issuer": "https://a", "keys": {"inline": "{}"}}]}
OIDC = {
    "issuer": "https://a",
    "authorizationEndpoint": "https://a/x",
    "tokenEndpoint": "https://a/y",
    "backendRef": {"name": "s", "port": 80},
    "clientID": "c",
    "clientSecretRef": {"name": "s"},
}
DISCOVERED = {name: value for name, value in OIDC.items() if not name.endswith("Endpoint")}
TOGETHER = "is required beside another endpoint; without any, the provider is asked"
FETCHED = "spec.default.jwt.providers[0].keys"
ASKED = {"protocol": "HTTP", "backendRef": {"name": "s", "port": 80}}
REQUIRED = "spec.override.require.what: is required; allowed: Authentication"
UNSEEN = "connections are not looked into"
OFF = {"timeouts": {"mode": "Disabled"}}
ROUTE_SECTIONS = ", ".join(each.encode_name for each in fields(RouteSections))


def routed(*targets: Mapping[str, str], **strategy: object) -> Document:
    return policy("RoutePolicy", "x", *(targets or (EDGE,)), **strategy)  # type: ignore[arg-type]


def fetched(keys: Mapping[str, object]) -> Document:
    provider = {"name": "a", "issuer": "https://a", "keys": keys}
    return policy("AccessPolicy", "x", EDGE, default={"jwt": {"providers": [provider]}})


BROKEN = [
    (
        routed({**EDGE, "group": ""}, default=TIMES),
        [f'spec.targetRefs[0].group: must be "{GROUP}" for kind Gateway'],
    ),
    (
        routed({"group": GROUP, "kind": "Gateway"}, default=TIMES),
        ["spec.targetRefs[0].name: is required for kind Gateway"],
    ),
    (
        routed(target("Namespace", "shop", "a"), default=TIMES),
        ["spec.targetRefs[0].sectionName: must not be set for kind Namespace"],
    ),
    (routed(EDGE, EDGE, default=TIMES), ["spec.targetRefs[1]: repeats targetRefs[0]; targets must be unique"]),
    (
        routed(default=TIMES, override=TIMES),
        ["spec.override: must not be set together with default; one object has one strategy"],
    ),
    (routed(), ["spec.default: is required, unless override is set"]),
    (routed(override=OFF), ["spec.override.timeouts.mode: must be Enabled; only a default cancels a default"]),
    (
        routed(default={}),
        [f"spec.default: must have a section; allowed: {ROUTE_SECTIONS}"],
    ),
    (routed(default={"body": {}}), ["spec.default.body.maxBytes: is required, unless mode is Disabled"]),
    (
        routed(default={"headers": {"request": {"setFrom": [{"name": "x"}]}}}),
        ["spec.default.headers.request.setFrom[0]: must have one of header, property"],
    ),
    (
        routed(default={"bandwidth": {}}),
        ["spec.default.bandwidth.kibibytesPerSecond: is required, unless mode is Disabled"],
    ),
    (routed(default={"errorPages": {}}), ["spec.default.errorPages.pages: must not be empty"]),
    (routed(default={"fault": {}}), ["spec.default.fault: must have one of delay, abort"]),
    (routed(default={"rateLimit": {}}), ["spec.default.rateLimit.limits: must not be empty"]),
    (
        routed(default={"timeouts": {"mode": "Disabled", "request": "1s"}}),
        ["spec.default.timeouts.mode: must not be Disabled where the section has other fields"],
    ),
]
BROKEN += [
    (
        policy("AccessPolicy", "x", EDGE, default={"cors": {name: ["*", value]}}),
        [f"spec.default.cors.{name}: has '*' beside other values; '*' must stand alone"],
    )
    for name, value in (("allowOrigins", "https://a.example"), ("allowMethods", "GET"), ("allowHeaders", "x-a"))
]
BROKEN += [
    (
        policy("ReportPolicy", "x", target("HTTPRoute", "a"), default={"accessLog": {"minStatus": 500}}),
        ["spec.targetRefs[0].kind: must be one of GatewayClass, Gateway for accessLog"],
    ),
    (
        policy("ReportPolicy", "x", target("Gateway", "edge", "http"), default={"accessLog": {"minStatus": 500}}),
        ["spec.targetRefs[0].sectionName: must not be set; a log is of all listeners"],
    ),
    (policy("AccessPolicy", "x", EDGE, default={"jwt": {}}), ["spec.default.jwt.providers: must not be empty"]),
    (
        policy("AccessPolicy", "x", EDGE, default={"apiKeys": {}}),
        ["spec.default.apiKeys.secretRefs: must not be empty"],
    ),
    (policy("AccessPolicy", "x", EDGE, override={"require": {}}), [REQUIRED]),
    (policy("AccessPolicy", "x", EDGE, default={"basic": {}}), ["spec.default.basic.secretRef: is required"]),
    (
        policy("AccessPolicy", "x", EDGE, default={"externalAuth": {"failOpen": True}}),
        [
            "spec.default.externalAuth.protocol: is required; allowed: HTTP, GRPC",
            "spec.default.externalAuth.backendRef: is required",
        ],
    ),
    (
        policy("AccessPolicy", "x", EDGE, default={"externalAuth": {**ASKED, "grpc": {}}}),
        ["spec.default.externalAuth.grpc: must not be set for protocol HTTP"],
    ),
    (
        policy("AccessPolicy", "x", target("TCPRoute", "a"), default={"jwt": JWT}),
        [f"spec.default.jwt: must not be set for kind TCPRoute, whose {UNSEEN}; allowed: clients"],
    ),
    (
        routed(EDGE, target("TLSRoute", "a"), default=TIMES),
        ["spec.targetRefs[1].kind: must not be TLSRoute, whose connections are not looked into"],
    ),
    (
        routed(target("TCPRoute", "a", "rule"), default=TIMES),
        [
            "spec.targetRefs[0].kind: must not be TCPRoute, whose connections are not looked into",
            "spec.targetRefs[0].sectionName: must not be set for kind TCPRoute",
        ],
    ),
    (
        policy("AccessPolicy", "x", EDGE, default={"oidc": {"scopes": ["email"]}}),
        [f"spec.default.oidc.{each}: is required" for each in OIDC if not each.endswith("Endpoint")],
    ),
    (
        policy("AccessPolicy", "x", EDGE, default={"oidc": {**DISCOVERED, "tokenEndpoint": "https://a/y"}}),
        [f"spec.default.oidc.authorizationEndpoint: {TOGETHER}"],
    ),
    (
        policy("AccessPolicy", "x", EDGE, default={"oidc": {**DISCOVERED, "endSessionEndpoint": "https://a/y"}}),
        [f"spec.default.oidc.{each}: {TOGETHER}" for each in ("authorizationEndpoint", "tokenEndpoint")],
    ),
    (
        fetched({"uri": "https://a/keys", "fetchedBy": "Proxy"}),
        [f"{FETCHED}.backendRef: is required with fetchedBy Proxy: a proxy asks backends alone"],
    ),
    (fetched({"inline": "{}", "fetchedBy": "Gatewayd"}), [f"{FETCHED}.fetchedBy: is for keys with a uri"]),
    (
        policy("AccessPolicy", "x", EDGE, default={"oidc": {**OIDC, "callbackPath": "/a", "logoutPath": "/a"}}),
        ["spec.default.oidc.logoutPath: must not be the callbackPath"],
    ),
    (
        policy("AccessPolicy", "x", EDGE, default={"jwt": JWT, "oidc": OIDC, "apiKeys": KEYS}),
        ["spec.default.apiKeys: must not be set together with jwt; a rule has one way in"],
    ),
    (
        policy("AccessPolicy", "x", EDGE, override={"apiKeys": KEYS, "basic": {"secretRef": {"name": "s"}}}),
        ["spec.override.basic: must not be set together with apiKeys; a rule has one way in"],
    ),
    (
        policy("AccessPolicy", "x", EDGE, default={"authorization": {"allow": [{}]}}),
        ["spec.default.authorization.allow[0]: must have one of claims, headers, methods, paths, namespaces"],
    ),
]
GOOD = [
    policy("AccessPolicy", "x", EDGE, target("TCPRoute", "a"), default={"clients": {"deny": [{"cidr": "::1"}]}}),
    policy("AccessPolicy", "x", EDGE, default={"jwt": JWT, "oidc": OIDC}),
    policy("AccessPolicy", "x", EDGE, default={"oidc": DISCOVERED}),
    fetched({"uri": "http://a/keys", "fetchedBy": "Proxy", "backendRef": {"name": "s", "port": 80}}),
    routed(default=TIMES),
    routed(override=TIMES),
    routed(default=OFF),
    routed(target("Namespace"), default=TIMES),
    routed(target("Gateway", "edge", "http"), EDGE, default=TIMES),
]


@pytest.mark.parametrize(("source", "expected"), BROKEN)
def test_broken(source: Document, expected: list[str]) -> None:
    found = problems(source)
    assert [each for each in found if each in expected] == expected
    assert len(found) == len(expected)


@pytest.mark.parametrize("source", GOOD)
def test_good(source: Document) -> None:
    assert problems(source) == []


def test_every_section_can_be_disabled_and_has_no_default_that_would_stand_beside_that() -> None:
    structs: list[type[Struct]] = [each for spec in SPECS for each in section_structs(sections_of(spec)).values()]
    assert structs
    for struct in structs:
        assert issubclass(struct, PolicySection)
        assert [each.name for each in fields(struct) if each.name != "mode" and each.default not in (None, ())] == []
        assert struct in VALIDATIONS
