"""Objects of Envoy Gateway's kinds as people and ingress2gateway write them, and what becomes of each.

A row: its name, kind, spec, and the paths (below `spec.`) that are taken, have another effect, and are refused.
"""

from typing import Any, Final, NamedTuple


class Row(NamedTuple):
    """An object for a route (or, of a ClientTrafficPolicy, for a Gateway), and what becomes of it."""

    name: str
    kind: str
    spec: dict[str, Any]
    taken: str = ""
    differs: str = ""
    refused: str = ""


def _sp(name: str, taken: str = "", differs: str = "", refused: str = "", **spec: Any) -> Row:
    return Row(f"sp-{name}", "SecurityPolicy", spec, taken, differs, refused)


def _btp(name: str, taken: str = "", differs: str = "", refused: str = "", **spec: Any) -> Row:
    return Row(f"btp-{name}", "BackendTrafficPolicy", spec, taken, differs, refused)


def _eep(name: str, taken: str = "", differs: str = "", refused: str = "", **spec: Any) -> Row:
    return Row(f"eep-{name}", "EnvoyExtensionPolicy", spec, taken, differs, refused)


def _ctp(name: str, taken: str = "", differs: str = "", refused: str = "", **spec: Any) -> Row:
    return Row(f"ctp-{name}", "ClientTrafficPolicy", spec, taken, differs, refused)


def _may(*cidrs: str, default: str = "Deny", action: str = "Allow", **rule: Any) -> dict[str, Any]:
    return {"defaultAction": default, "rules": [{"action": action, "principal": {"clientCIDRs": [*cidrs]}, **rule}]}


_USERS = {"users": {"group": "", "kind": "Secret", "name": "users"}}
_KEYS = {"credentialRefs": [{"name": "clients"}], "extractFrom": [{"headers": ["x-api-key"]}]}
_JWKS = {"type": "Inline", "inline": '{"keys": [{"kty": "oct", "k": "AAAA", "kid": "a"}]}'}
_REMOTE = {"name": "corp", "issuer": "https://idp.example", "remoteJWKS": {"uri": "https://idp.example/keys"}}
_DOOR = {"backendRefs": [{"name": "cart", "port": 80}]}
_TOLD = {"headersToBackend": ["x-user"]}
_LIMIT = {"requests": 100, "unit": "Minute"}
_EACH = {"sourceCIDR": {"type": "Distinct", "value": "0.0.0.0/0"}}
_PAGE = {"type": "Inline", "inline": "sorry"}

ROWS: Final = (
    # As ingress2gateway writes them.
    _sp("allowed-ranges", "authorization", authorization=_may("10.0.0.0/8", "192.168.0.0/16")),
    _sp("denied-ranges", "authorization", authorization=_may("10.0.0.0/8", default="Allow", action="Deny")),
    _btp("body-size", "requestBuffer", requestBuffer={"limit": "8Mi"}),
    _btp("body-bytes", "requestBuffer", requestBuffer={"limit": 1048576}),
    # Who may come in.
    _sp("cors", "cors", cors={"allowOrigins": ["https://*.a.example"], "allowMethods": ["GET"], "maxAge": "24h"}),
    _sp("cors-any", "cors", cors={"allowOrigins": ["*"], "allowHeaders": ["x-a"], "allowCredentials": True}),
    _sp("csrf", "csrf", csrf={"additionalOrigins": ["https://a.example"]}),
    _sp("csrf-shadow", "", "", "csrf.shadowFraction", csrf={"shadowFraction": {"numerator": 50}}),
    _sp("basic", "basicAuth", basicAuth={**_USERS, "forwardUsernameHeader": "x-user"}),
    _sp("keys", "apiKeyAuth", apiKeyAuth=_KEYS),
    _sp("keys-left", "apiKeyAuth", "apiKeyAuth.sanitize", apiKeyAuth={**_KEYS, "sanitize": False}),
    _sp("jwt", "jwt", jwt={"providers": [_REMOTE]}),
    _sp("jwt-optional", "jwt", jwt={"optional": True, "providers": [_REMOTE]}),
    _sp("jwt-open", "", "", "jwt.failOpen", jwt={"failOpen": True, "providers": [_REMOTE]}),
    _sp("jwt-no-issuer", "", "", "jwt.providers[0].issuer", jwt={"providers": [{**_REMOTE, "issuer": None}]}),
    _sp(
        "jwt-cookie",
        "",
        "",
        "jwt.providers[0].extractFrom",
        jwt={"providers": [{**_REMOTE, "extractFrom": {"cookies": ["token"]}}]},
    ),
    _sp(
        "jwt-cache",
        "jwt",
        "jwt.providers[0].remoteJWKS.cacheDuration",
        jwt={"providers": [{**_REMOTE, "remoteJWKS": {"uri": "https://idp.example/k", "cacheDuration": "60s"}}]},
    ),
    _sp(
        "jwt-configmap",
        "",
        "",
        "jwt.providers[0].localJWKS.valueRef jwt.providers[0].localJWKS.inline",
        jwt={"providers": [{"name": "a", "issuer": "b", "localJWKS": {"type": "ValueRef", "valueRef": {"name": "k"}}}]},
    ),
    _sp("jwt-secret-key", "", "", "jwt", jwt={"providers": [{"name": "a", "issuer": "b", "localJWKS": _JWKS}]}),
    _sp("ext-grpc", "extAuth", extAuth={"grpc": _DOOR}),
    _sp("ext-http", "extAuth", extAuth={"http": {**_DOOR, **_TOLD, "path": "/check"}}),
    _sp("ext-open", "extAuth", "extAuth.failOpen", extAuth={"grpc": _DOOR, "failOpen": True}),
    _sp(
        "ext-lost",
        "",
        "extAuth.failOpen",
        "extAuth",
        extAuth={"grpc": {"backendRefs": [{"name": "no", "port": 1}]}, "failOpen": True},
    ),
    _sp("ext-two", "", "", "extAuth.grpc.backendRefs", extAuth={"grpc": {"backendRefs": _DOOR["backendRefs"] * 2}}),
    _sp("ext-status", "", "", "extAuth.statusOnError", extAuth={"grpc": _DOOR, "statusOnError": 503}),
    _sp("ext-timeout", "extAuth", "extAuth.timeout", extAuth={"grpc": _DOOR, "timeout": "1s"}),
    _sp("methods", "authorization", authorization=_may(operation={"methods": ["GET", "HEAD"]})),
    _sp("path", "authorization", authorization=_may(operation={"path": {"type": "PathPrefix", "value": "/a"}})),
    _sp(
        "path-exact",
        "",
        "",
        "authorization.rules[0].operation.path.type",
        authorization=_may(operation={"path": {"type": "Exact", "value": "/a"}}),
    ),
    _sp("cel", "", "", "authorization.rules[0].cel", authorization=_may(cel="request.path == '/a'")),
    _sp("deny-all", "authorization", authorization={}),
    _sp("geo", "", "", "authorization.rules[0].principal.clientIPGeoLocations", authorization={
        "rules": [{"action": "Deny", "principal": {"clientIPGeoLocations": [{"country": "X"}]}}]
    }),
    _sp("allow-all", "", authorization={"defaultAction": "Allow"}),
    _sp("two-ways", "apiKeyAuth", "", "basicAuth", basicAuth=_USERS, apiKeyAuth=_KEYS),
    _sp("newer", "", "", "", corz={}),
    _sp("mistyped", "", "", "cors.allowOrigins", cors={"allowOrigins": "https://a.example"}),
    _sp("nothing", ""),
    # What happens on the way.
    _btp("times", "timeout", timeout={"http": {"requestTimeout": "10s"}}),
    _btp("stream", "", "", "timeout.http.maxStreamDuration", timeout={"http": {"maxStreamDuration": "1h"}}),
    _btp("retry", "retry", retry={"numRetries": 5, "retryOn": {"httpStatusCodes": [503]}}),
    _btp("retry-calls", "retry", "retry.retryOn.triggers", retry={"retryOn": {"triggers": ["unavailable"]}}),
    _btp("delay", "faultInjection", faultInjection={"delay": {"fixedDelay": "1ms"}}),
    _btp("abort-few", "", "", "faultInjection.abort.percentage", faultInjection={
        "abort": {"httpStatus": 503, "percentage": 0.1}
    }),
    _btp("gzip", "compressor", compressor=[{"type": "Gzip"}, {"type": "Brotli"}]),
    _btp("old-gzip", "compression", compression=[{"type": "Gzip", "gzip": {}}]),
    _btp("pages", "responseOverride", responseOverride=[
        {"match": {"statusCodes": [{"type": "Value", "value": 404}]}, "response": {"body": _PAGE}}
    ]),
    _btp("pages-local", "", "", "responseOverride[0].source", responseOverride=[
        {"match": {"statusCodes": [{"value": 404}]}, "response": {"body": _PAGE}, "source": "Local"}
    ]),
    _btp("limit", "rateLimit.local", "rateLimit.local", "", rateLimit={"local": {"rules": [{"limit": _LIMIT}]}}),
    _btp("limit-global", "rateLimit.global", rateLimit={"global": {"rules": [{"limit": _LIMIT}]}}),
    _btp("limit-shared", "rateLimit.global", rateLimit={
        "global": {"rules": [{"limit": _LIMIT, "shared": True, "clientSelectors": [_EACH], "shadowMode": True}]}
    }),
    _btp("limit-usage", "", "", "rateLimit.global.rules[0].cost.response", rateLimit={
        "global": {"rules": [{"limit": _LIMIT, "cost": {"response": {"from": "Number", "number": 1}}}]}
    }),
    _btp("traces", "telemetry.tracing", telemetry={"tracing": {"samplingFraction": {"numerator": 1}}}),
    _btp("counts", "telemetry.metrics", "telemetry.metrics.routeStatName", telemetry={
        "metrics": {"routeStatName": "%ROUTE_NAME%"}
    }),
    _btp("websocket", "", httpUpgrade=[{"type": "websocket"}]),
    _btp("connect", "", "", "httpUpgrade[0].type", httpUpgrade=[{"type": "CONNECT"}]),
    _btp("balancing", "", "", "loadBalancer", loadBalancer={"type": "RoundRobin"}),
    _btp("breaker", "", "", "circuitBreaker", circuitBreaker={"maxConnections": 10}),
    _btp("admission", "", "", "admissionControl", admissionControl={}),
    _btp("bandwidth", "bandwidthLimit", bandwidthLimit={"request": {"limit": {"value": "1Mi", "unit": "Second"}}}),
    _btp("bandwidth-slow", "bandwidthLimit", "bandwidthLimit.response.limit", bandwidthLimit={
        "response": {"limit": {"value": "10k", "unit": "Second"}}
    }),
    _btp("bandwidth-both", "", "", "bandwidthLimit", bandwidthLimit={
        "request": {"limit": {"value": "1Mi", "unit": "Second"}},
        "response": {"limit": {"value": "1Mi", "unit": "Second"}},
    }),
    _btp("unknown", "", "", "", frob=True),
    # Who sees messages.
    _eep("headers", "extProc", extProc=[{**_DOOR, "processingMode": {"request": {}, "response": {}}}]),
    _eep("bodies", "extProc", extProc=[{**_DOOR, "processingMode": {"request": {"body": "Streamed"}}}]),
    _eep("open", "extProc", "extProc[0].failOpen", extProc=[{**_DOOR, "failOpen": True, "messageTimeout": "1s"}]),
    _eep("duplex", "", "", "extProc[0].processingMode.request.body", extProc=[
        {**_DOOR, "processingMode": {"request": {"body": "FullDuplexStreamed"}}}
    ]),
    _eep("lost", "", "", "extProc", extProc=[{"backendRefs": [{"name": "no", "port": 1}]}]),
    _eep("lua", "lua", lua=[{"type": "Inline", "inline": "function envoy_on_request(h) end"}]),
    _eep("wasm", "", "", "wasm", wasm=[{"name": "w", "code": {"type": "HTTP", "http": {"url": "https://a.example"}}}]),
    _eep("nothing"),
    # How clients may speak.
    _ctp("hops", "clientIPDetection", clientIPDetection={"xForwardedFor": {"numTrustedHops": 1}}),
    _ctp("ranges", "clientIPDetection", clientIPDetection={"xForwardedFor": {"trustedCIDRs": ["10.0.0.0/8"]}}),
    _ctp("header", "", "", "clientIPDetection.customHeader", clientIPDetection={"customHeader": {"name": "x"}}),
    _ctp("tls", "tls", tls={"minVersion": "1.3"}),
    _ctp("mtls", "", "", "tls.clientValidation", tls={"clientValidation": {"optional": True}}),
    _ctp("proxy", "proxyProtocol", proxyProtocol={"optional": True}),
    _ctp("paths", "path", path={"escapedSlashesAction": "KeepUnchanged"}),
    _ctp("ids", "", "headers.requestID", headers={"requestID": "Preserve"}),
    _ctp("patience", "timeout", timeout={"http": {"idleTimeout": "5m", "requestHeadersReceivedTimeout": "10s"}}),
    _ctp("connections", "connection", connection={"connectionLimit": {"value": 1000}}),
    _ctp("http2", "http2", http2={"maxConcurrentStreams": 200, "initialStreamWindowSize": "128Ki"}),
    _ctp("case", "", "", "http1.preserveHeaderCase", http1={"preserveHeaderCase": True}),
    _ctp("checks", "", "", "healthCheck", healthCheck={"path": "/healthz"}),
)  # fmt: skip

SECRETS: Final = """
kind: Secret
metadata: {name: users, namespace: shop}
stringData: {.htpasswd: "ann:{SHA}NWoZK3kTsExUV00Ywo1G5jlUKKs="}
---
kind: Secret
metadata: {name: clients, namespace: shop}
stringData: {ann: key-of-ann}
"""
"""What they refer to."""


def closes(row: Row) -> bool:
    """Return whether requests get a 500 because of a row."""
    if row.kind in ("SecurityPolicy", "EnvoyExtensionPolicy"):
        return bool(row.refused) or row.name == "sp-newer"
    return row.name in ("ctp-header", "ctp-mtls")
