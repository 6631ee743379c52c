"""Objects of Envoy Gateway's kinds, what is asked because of each, and where the page of differences tells of it.

Each case has a route of its own (CASE.example) at both Gateways, or is for both Gateways themselves.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import Any, Final

from bench.peers.policy_tokens import JWKS, token

Object = dict[str, Any]
SECURITY, TRAFFIC, CLIENTS, EXTENSION = (
    "SecurityPolicy",
    "BackendTrafficPolicy",
    "ClientTrafficPolicy",
    "EnvoyExtensionPolicy",
)
FILTER, BACKEND, PROXY = "HTTPRouteFilter", "Backend", "EnvoyProxy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A request. Of the answer count the status, the headers `see`, the body if `reads`, and what a backend was passed.

    `passed`: headers of the request as the backend had them; "path" is what it was asked for.
    """

    method: str = "GET"
    path: str = "/"
    headers: tuple[tuple[str, str], ...] = ()
    size: int = 0
    see: tuple[str, ...] = ()
    passed: tuple[str, ...] = ()
    reads: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """An object, what is asked, and for what statuses of gatewayd; `differs` is a part of the page of differences."""

    name: str
    kind: str
    spec: Object
    asks: tuple[Ask, ...] = (Ask(),)
    expects: tuple[int, ...] = field(default=(200,))
    differs: str = ""


def _case(kind: str, name: str, *asks: Ask, expects: tuple[int, ...] = (200,), differs: str = "", **spec: Any) -> Case:
    return Case(name=name, kind=kind, spec=spec, asks=asks or (Ask(),), expects=expects, differs=differs)


def _rule(action: str = "Allow", **more: Any) -> Object:
    return {"action": action, **more}


def _cidr(*ranges: str) -> Object:
    return {"principal": {"clientCIDRs": [*ranges]}}


def _origin(host: str, *more: tuple[str, str], method: str = "GET") -> Ask:
    see = ("access-control-allow-origin", "access-control-allow-methods")
    return Ask(method=method, headers=(("origin", host), *more), see=see)


def _bearer(text: str) -> Ask:
    return Ask(headers=(("authorization", f"Bearer {text}"),), passed=("x-user",))


_ANYBODY: Final = _cidr("0.0.0.0/0", "::/0")  # they want a principal in each rule
_PUT: Final = Ask(method="PUT")
_LOGIN: Final = base64.b64encode(b"ann:1").decode()
_BASIC: Final = {"users": {"name": "users"}, "forwardUsernameHeader": "x-user"}
_KEYS: Final = {"credentialRefs": [{"name": "clients"}], "extractFrom": [{"headers": ["x-key"]}, {"params": ["key"]}]}
_KEY: Final = Ask(headers=(("x-key", "key-of-ann"),), passed=("x-key",))
_PROVIDER: Final = {
    "name": "corp",
    "issuer": "https://idp.example",
    "audiences": ["shop"],
    "localJWKS": {"type": "Inline", "inline": JWKS},
    "claimToHeaders": [{"claim": "sub", "header": "x-user"}],
}
_ANN: Final = {"provider": "corp", "claims": [{"name": "sub", "values": ["ann"]}]}
_DOOR: Final = {"backendRefs": [{"name": "echo", "port": 80}], "headersToBackend": ["x-user"]}
_LOST: Final = {"backendRefs": [{"name": "nobody", "port": 80}]}

_WHO: Final = (
    _case(SECURITY, "sp-nothing"),
    _case(SECURITY, "sp-deny", expects=(403,), authorization={"rules": [_rule(**_cidr("233.252.0.0/24"))]}),
    _case(SECURITY, "sp-allow", authorization={"defaultAction": "Deny", "rules": [_rule(**_ANYBODY)]}),
    _case(SECURITY, "sp-empty", expects=(403,), authorization={}),
    _case(SECURITY, "sp-default-allow", authorization={"defaultAction": "Allow"}),
    _case(SECURITY, "sp-deny-all", expects=(403,), authorization={
        "defaultAction": "Allow", "rules": [_rule("Deny", **_ANYBODY)]
    }),
    _case(SECURITY, "sp-methods", Ask(), _PUT, expects=(200, 403), authorization={
        "rules": [_rule(**_ANYBODY, operation={"methods": ["GET"]})]
    }),
    _case(SECURITY, "sp-header", Ask(headers=(("x-team", "b"),)), Ask(), expects=(200, 403), authorization={
        "rules": [_rule(principal={"headers": [{"name": "x-team", "values": ["a", "b"]}]})]
    }),
    _case(SECURITY, "sp-path", Ask(path="/open/x?y=1"), Ask(), expects=(200, 403), authorization={
        "rules": [_rule(**_ANYBODY, operation={"path": {"type": "PathPrefix", "value": "/open"}})]
    }),
    _case(SECURITY, "sp-deny-first", Ask(), Ask(path="/private"), expects=(200, 403), authorization={
        "defaultAction": "Allow", "rules": [_rule("Deny", **_ANYBODY, operation={"path": {"value": "/private"}})]
    }),
    _case(
        SECURITY, "sp-order", Ask(path="/open"), Ask(), expects=(500, 500),
        differs="in an order that lets somebody in before a Deny",
        authorization={"defaultAction": "Allow", "rules": [
            _rule(**_ANYBODY, operation={"path": {"value": "/open"}}),
            _rule("Deny", **_ANYBODY, operation={"methods": ["GET"]}),
        ]},
    ),
    _case(SECURITY, "sp-cel", expects=(500,), differs="`authorization.rules[].cel`", authorization={
        "rules": [_rule(cel="request.method == 'GET'")]
    }),
    _case(SECURITY, "sp-cors", _origin("https://a.example"), _origin("https://b.example"), expects=(200, 200), cors={
        "allowOrigins": ["https://a.example"], "allowMethods": ["GET"]
    }),
    _case(SECURITY, "sp-cors-wild", _origin("https://x.a.example"), cors={"allowOrigins": ["https://*.a.example"]}),
    _case(
        SECURITY, "sp-preflight",
        _origin("https://a.example", ("access-control-request-method", "GET"), method="OPTIONS"),
        cors={"allowOrigins": ["https://a.example"], "allowMethods": ["GET", "PUT"]},
    ),
    _case(
        SECURITY, "sp-csrf", Ask(), _origin("https://b.example", method="POST"),
        _origin("https://a.example", method="POST"), expects=(200, 403, 200),
        csrf={"additionalOrigins": ["https://a.example"]},
    ),
    _case(
        SECURITY, "sp-basic", Ask(), Ask(headers=(("authorization", "Basic YW5uOjI="),)),
        Ask(headers=(("authorization", f"Basic {_LOGIN}"),), passed=("x-user",)), expects=(401, 401, 200),
        differs="`basicAuth.forwardUsernameHeader`",
        basicAuth=_BASIC,
    ),
    _case(SECURITY, "sp-keys", Ask(), _KEY, Ask(path="/?key=key-of-ann"), expects=(401, 200, 200),
          differs="`apiKeyAuth.sanitize`", apiKeyAuth=_KEYS),
    _case(SECURITY, "sp-keys-sanitized", Ask(), _KEY, expects=(401, 200), apiKeyAuth={**_KEYS, "sanitize": True}),
    _case(
        SECURITY, "sp-jwt", Ask(), _bearer("a.b.c"), _bearer(token(aud="other")), _bearer(token()),
        expects=(401, 401, 403, 200), jwt={"providers": [_PROVIDER]},
    ),
    _case(SECURITY, "sp-jwt-optional", Ask(), _bearer("a.b.c"), _bearer(token()), expects=(200, 401, 200), jwt={
        "optional": True, "providers": [_PROVIDER]
    }),
    _case(
        SECURITY, "sp-claims", _bearer(token()), _bearer(token(sub="bob")), expects=(200, 403),
        jwt={"providers": [_PROVIDER]}, authorization={"rules": [_rule(principal={"jwt": _ANN})]},
    ),
    _case(SECURITY, "sp-two-ways", expects=(500,), differs="`jwt` beside `basicAuth` or `apiKeyAuth`",
          jwt={"providers": [_PROVIDER]}, basicAuth=_BASIC),
    _case(SECURITY, "sp-asked", extAuth={"http": _DOOR}),
    _case(SECURITY, "sp-asked-lost", expects=(500,), extAuth={"http": {**_LOST, "headersToBackend": ["x"]}}),
    _case(SECURITY, "sp-asked-lost-open", expects=(500,), differs="with a reference that is broken",
          extAuth={"http": {**_LOST, "headersToBackend": ["x"]}, "failOpen": True}),
    _case(SECURITY, "sp-no-secret", expects=(500,), basicAuth={"users": {"name": "nobody"}}),
)  # fmt: skip

_ZIPPED: Final = Ask(headers=(("accept-encoding", "gzip, br, zstd"),), see=("content-encoding",))
_PAGE: Final = {
    "match": {"statusCodes": [{"type": "Value", "value": 503}]},
    "response": {"contentType": "text/plain", "body": {"type": "Inline", "inline": "sorry"}},
}
_SCRIPTED: Final = Ask(passed=("x-script",))


def _script(body: str) -> Object:
    return {"type": "Inline", "inline": f"function envoy_on_request(handle) {body} end"}


_HASH: Final = {"type": "ConsistentHash", "consistentHash": {"type": "Header", "header": {"name": "x-user"}}}
_OF_GATEWAYS: Final = "counts where it is for a Gateway"

_ON_THE_WAY: Final = (
    _case(TRAFFIC, "btp-abort", expects=(418,), faultInjection={"abort": {"httpStatus": 418}}),
    _case(TRAFFIC, "btp-abort-none", faultInjection={"abort": {"httpStatus": 418, "percentage": 0}}),
    _case(TRAFFIC, "btp-delay", faultInjection={"delay": {"fixedDelay": "10ms"}}),
    _case(TRAFFIC, "btp-times", timeout={"http": {"requestTimeout": "10s"}}),
    _case(TRAFFIC, "btp-stream", timeout={"http": {"maxStreamDuration": "1h"}}),
    _case(TRAFFIC, "btp-retry", retry={"numRetries": 3, "retryOn": {"httpStatusCodes": [503]}}),
    _case(TRAFFIC, "btp-buffer", Ask(method="PUT", size=11), Ask(method="PUT", size=10), expects=(413, 200),
          requestBuffer={"limit": "10"}),
    _case(TRAFFIC, "btp-gzip", _ZIPPED, compressor=[{"type": "Gzip", "gzip": {}}]),
    _case(TRAFFIC, "btp-brotli", _ZIPPED, compressor=[{"type": "Brotli", "brotli": {}}]),
    _case(TRAFFIC, "btp-zstd", _ZIPPED, compressor=[{"type": "Zstd", "zstd": {}}]),
    _case(TRAFFIC, "btp-old-gzip", _ZIPPED, compression=[{"type": "Gzip", "gzip": {}}]),
    _case(TRAFFIC, "btp-page", Ask(reads=True, see=("content-type",)), expects=(503,),
          faultInjection={"abort": {"httpStatus": 503}}, responseOverride=[_PAGE]),
    _case(TRAFFIC, "btp-limit", Ask(), Ask(), Ask(), expects=(429, 429, 429), rateLimit={
        "type": "Local", "local": {"rules": [{"limit": {"requests": 2, "unit": "Hour"}}]}
    }),
    _case(TRAFFIC, "btp-limit-each", Ask(), Ask(), expects=(429, 429), rateLimit={"local": {"rules": [{
        "clientSelectors": [{"sourceCIDR": {"type": "Distinct", "value": "0.0.0.0/0"}}],
        "limit": {"requests": 1, "unit": "Hour"},
    }]}}),
    _case(TRAFFIC, "btp-bandwidth", bandwidthLimit={"request": {"limit": {"value": "10Mi", "unit": "Second"}}}),
    _case(TRAFFIC, "btp-websocket", httpUpgrade=[{"type": "websocket"}]),
    _case(TRAFFIC, "btp-balancing", loadBalancer={"type": "RoundRobin"}),
    _case(TRAFFIC, "btp-hash", Ask(headers=(("x-user", "ann"),)), loadBalancer=_HASH),
    _case(TRAFFIC, "btp-breaker", circuitBreaker={"maxConnections": 10}),
    _case(TRAFFIC, "btp-health", healthCheck={"active": {"type": "HTTP", "http": {"path": "/"}}}),
    _case(TRAFFIC, "btp-passive", healthCheck={"passive": {"consecutive5XxErrors": 5}}),
    _case(TRAFFIC, "btp-alive", tcpKeepalive={"idleTime": "60s"}),
    _case(TRAFFIC, "btp-dns", dns={"dnsRefreshRate": "30s"}),
    _case(TRAFFIC, "btp-http2", http2={"maxConcurrentStreams": 100}),
    _case(TRAFFIC, "btp-admission", admissionControl={}),
    _case(TRAFFIC, "btp-traces", telemetry={"tracing": {"samplingFraction": {"numerator": 1}}}),
    _case(EXTENSION, "eep-nothing"),
    _case(EXTENSION, "eep-lost", expects=(500,), extProc=[{**_LOST, "processingMode": {"request": {}}}]),
    _case(EXTENSION, "eep-lost-open", expects=(500,), differs="with a reference that is broken",
          extProc=[{**_LOST, "processingMode": {"request": {}}, "failOpen": True}]),
    _case(EXTENSION, "eep-lua", _SCRIPTED, lua=[_script('handle:headers():add("x-script", "seen")')]),
    _case(EXTENSION, "eep-lua-fails", _SCRIPTED, Ask(headers=(("x-fail", "yes"),)), expects=(200, 500),
          differs="what fails in a script lets messages go on",
          lua=[_script('if handle:headers():get("x-fail") == "yes" then error("failed") end')]),
    _case(EXTENSION, "eep-lua-broken", expects=(500,), lua=[_script("if")]),
    _case(EXTENSION, "eep-lua-two", expects=(500,), differs="one script a policy",
          lua=[_script(""), _script("")]),
)  # fmt: skip

_REGEX: Final = {"pattern": "^/old/(.*)$", "substitution": r"/new/\1"}
_REFERRED: Final = (
    _case(FILTER, "hrf-answer", Ask(reads=True), expects=(418,), directResponse={
        "statusCode": 418, "body": {"type": "Inline", "inline": "no"}
    }),
    _case(FILTER, "hrf-rewrite", Ask(path="/old/x", passed=("path",)), urlRewrite={
        "path": {"type": "ReplaceRegexMatch", "replaceRegexMatch": _REGEX}
    }),
    _case(FILTER, "hrf-credential", expects=(500,), differs="`credentialInjection`", credentialInjection={
        "credential": {"valueRef": {"name": "login"}}
    }),
    _case(FILTER, "hrf-cookie", expects=(500,), differs="`matches`", matches=[
        {"cookies": [{"name": "a", "value": "b", "type": "Exact"}]}
    ]),
    _case(BACKEND, "be-address", endpoints=[{"ip": {"address": "<echo>", "port": 3000}}]),
    _case(BACKEND, "be-resolver", expects=(500,), differs="`type`, unless `Endpoints`", type="DynamicResolver"),
)  # fmt: skip

_SLASH: Final = Ask(path="/a%2Fb", passed=("path",))
_UNDER: Final = Ask(headers=(("x_a", "b"),), passed=("x_a",))
_FORWARDED: Final = Ask(headers=(("x-forwarded-for", "192.0.2.7"),), passed=("x-envoy-external-address",))
_OF_CLIENTS: Final = (
    _case(CLIENTS, "ctp-reject", _SLASH, expects=(400,), path={"escapedSlashesAction": "RejectRequest"}),
    _case(CLIENTS, "ctp-keep", _SLASH, path={"escapedSlashesAction": "KeepUnchanged"}),
    _case(CLIENTS, "ctp-unescape", _SLASH, path={"escapedSlashesAction": "UnescapeAndForward"}),
    _case(CLIENTS, "ctp-redirect", _SLASH, expects=(307,), path={"escapedSlashesAction": "UnescapeAndRedirect"}),
    _case(CLIENTS, "ctp-slashes", Ask(path="/a//b", passed=("path",)), path={"disableMergeSlashes": True}),
    _case(CLIENTS, "ctp-allow-underscores", _UNDER, headers={"withUnderscoresAction": "Allow"}),
    _case(CLIENTS, "ctp-drop-underscores", _UNDER, headers={"withUnderscoresAction": "DropHeader"}),
    _case(CLIENTS, "ctp-reject-underscores", _UNDER, expects=(400,), headers={
        "withUnderscoresAction": "RejectRequest"
    }),
    _case(CLIENTS, "ctp-early", Ask(headers=(("x-b", "c"),), passed=("x-a", "x-b")), headers={
        "earlyRequestHeaders": {"set": [{"name": "x-a", "value": "early"}], "remove": ["x-b"]}
    }),
    _case(CLIENTS, "ctp-hops", _FORWARDED, differs="`x-envoy-external-address`",
          clientIPDetection={"xForwardedFor": {"numTrustedHops": 1}}),
    _case(CLIENTS, "ctp-many", connection={"connectionLimit": {"value": 1000}}),
    _case(CLIENTS, "ctp-patience", timeout={"http": {"idleTimeout": "5m", "requestHeadersReceivedTimeout": "10s"}}),
    _case(CLIENTS, "ctp-http2", http2={"maxConcurrentStreams": 200}),
    _case(CLIENTS, "ctp-check", Ask(path="/healthz", passed=("path",)), differs="`healthCheck`",
          healthCheck={"path": "/healthz"}),
)  # fmt: skip

_LOG: Final = {"settings": [{"type": "Route", "sinks": [{"type": "File", "file": {"path": "/dev/stdout"}}]}]}
_OF_PROXIES: Final = (_case(PROXY, "proxy-log", telemetry={"accessLog": _LOG}),)

CASES: Final = (*_WHO, *_ON_THE_WAY, *_REFERRED, *_OF_CLIENTS, *_OF_PROXIES)
