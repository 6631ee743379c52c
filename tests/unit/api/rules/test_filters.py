import pytest

from tests.unit.api.documents import Document, gateway, grpc_rule, http_filter, http_rule, listener, problems

AT = "spec.rules[0].filters[0]"
HEADERS = {"set": [{"name": "a", "value": "b"}]}
BACKEND = {"name": "a", "port": 80}
MODIFIER = {"type": "RequestHeaderModifier", "requestHeaderModifier": HEADERS}
REDIRECT = {"type": "RequestRedirect", "requestRedirect": {"scheme": "https"}}
REWRITE = {"type": "URLRewrite", "urlRewrite": {"hostname": "a"}}
CORS = {"type": "CORS", "cors": {}}


def mirror(**fields: object) -> Document:
    return http_filter("RequestMirror", requestMirror={"backendRef": BACKEND, **fields})


def auth(protocol: str, **fields: object) -> Document:
    return http_filter("ExternalAuth", externalAuth={"protocol": protocol, "backendRef": BACKEND, **fields})


def path(kind: str, **fields: object) -> Document:
    return http_filter("URLRewrite", urlRewrite={"path": {"type": kind, **fields}})


def on_listener(**fields: object) -> Document:
    return gateway(listeners=[listener(filters={"requests": [fields]})])


WIRE = {
    "RequestHeaderModifier": "requestHeaderModifier",
    "ResponseHeaderModifier": "responseHeaderModifier",
    "RequestMirror": "requestMirror",
    "RequestRedirect": "requestRedirect",
    "URLRewrite": "urlRewrite",
    "CORS": "cors",
    "ExternalAuth": "externalAuth",
    "ExtensionRef": "extensionRef",
}

BROKEN = [
    *((http_filter(name), [f"{AT}.{wire}: is required for type {name}"]) for name, wire in WIRE.items()),
    (
        http_filter("RequestRedirect", requestRedirect={}, cors={}),
        [f"{AT}.cors: must not be set for type RequestRedirect"],
    ),
    (
        grpc_rule(filters=[{**MODIFIER, "responseHeaderModifier": HEADERS}]),
        [f"{AT}.responseHeaderModifier: must not be set for type RequestHeaderModifier"],
    ),
    (
        on_listener(type="ExternalAuth"),
        ["spec.listeners[0].filters.requests[0].externalAuth: is required for type ExternalAuth"],
    ),
    *(
        (http_rule(filters=[item, item]), [f"spec.rules[0].filters: have {item['type']} 2 times; once is allowed"])
        for item in (MODIFIER, REDIRECT, REWRITE, CORS)
    ),
    (
        grpc_rule(backendRefs=[{**BACKEND, "filters": [MODIFIER, MODIFIER]}]),
        ["spec.rules[0].backendRefs[0].filters: have RequestHeaderModifier 2 times; once is allowed"],
    ),
    (
        http_rule(filters=[REDIRECT, REWRITE]),
        ["spec.rules[0].filters: have RequestRedirect and URLRewrite; one of them is allowed"],
    ),
    (
        mirror(percent=5, fraction={"numerator": 1}),
        [f"{AT}.requestMirror.fraction: must not be set together with percent"],
    ),
    (
        mirror(fraction={"numerator": 3, "denominator": 2}),
        [f"{AT}.requestMirror.fraction.numerator: 3 is too large; the denominator 2 is allowed"],
    ),
    (auth("GRPC"), [f"{AT}.externalAuth.grpc: is required for protocol GRPC"]),
    (auth("HTTP"), [f"{AT}.externalAuth.http: is required for protocol HTTP"]),
    (auth("HTTP", http={}, grpc={}), [f"{AT}.externalAuth.grpc: must not be set for protocol HTTP"]),
    (auth("GRPC", http={}, grpc={}), [f"{AT}.externalAuth.http: must not be set for protocol GRPC"]),
    *(
        (
            http_filter("CORS", cors={field: ["*", other]}),
            [f"{AT}.cors.{field}: has '*' beside other values; '*' must stand alone"],
        )
        for field, other in (("allowOrigins", "http://a"), ("allowMethods", "GET"), ("allowHeaders", "a"))
    ),
    (path("ReplaceFullPath"), [f"{AT}.urlRewrite.path.replaceFullPath: is required for type ReplaceFullPath"]),
    (path("ReplacePrefixMatch"), [f"{AT}.urlRewrite.path.replacePrefixMatch: is required for type ReplacePrefixMatch"]),
    (
        path("ReplaceFullPath", replaceFullPath="/", replacePrefixMatch="/"),
        [f"{AT}.urlRewrite.path.replacePrefixMatch: must not be set for type ReplaceFullPath"],
    ),
    (
        path("ReplacePrefixMatch", replaceFullPath="/", replacePrefixMatch="/"),
        [f"{AT}.urlRewrite.path.replaceFullPath: must not be set for type ReplacePrefixMatch"],
    ),
]
KEPT = [
    http_rule(filters=[MODIFIER, CORS, REDIRECT]),
    grpc_rule(filters=[MODIFIER]),
    mirror(percent=100),
    mirror(fraction={"numerator": 100}),
    auth("GRPC", grpc={}),
    auth("HTTP", http={"path": "/check"}),
    http_filter("CORS", cors={"allowOrigins": ["*"], "exposeHeaders": ["*", "a"]}),
    path("ReplaceFullPath", replaceFullPath=""),
]


@pytest.mark.parametrize(("source", "expected"), BROKEN)
def test_broken(source: Document, expected: list[str]) -> None:
    assert problems(source) == expected


@pytest.mark.parametrize("source", KEPT)
def test_kept(source: Document) -> None:
    assert problems(source) == []
