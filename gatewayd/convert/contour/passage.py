"""What an HTTPProxy does to requests on their way: headers, paths, time-outs, retries, limits, answers of its own.

https://projectcontour.io/docs/main/config/api/#projectcontour.io/v1.Route
"""

from collections.abc import Iterator
from typing import Any, Final

from gatewayd.convert import answers, spans
from gatewayd.convert.contour.conditions import ContourMatch
from gatewayd.convert.cors import cors_filter
from gatewayd.convert.draft import JSON
from gatewayd.convert.fields import Fields
from gatewayd.convert.matching import escaped
from gatewayd.convert.spans import duration
from gatewayd.ir.http import PrefixPath

_INFINITE: Final = ("infinity", "infinite")
_UNITS: Final = {"second": "Second", "minute": "Minute", "hour": "Hour"}
_TOO_MANY: Final = 429
_MOST_ATTEMPTS: Final = 10
_CODES: Final = {"5xx": (500, 502, 503, 504), "gateway-error": (502, 503, 504), "retriable-4xx": (409,)}
_SIDES: Final = (
    ("requestHeadersPolicy", "RequestHeaderModifier", "requestHeaderModifier"),
    ("responseHeadersPolicy", "ResponseHeaderModifier", "responseHeaderModifier"),
)


def milliseconds(written: Fields, name: str) -> int | None:
    """Return a duration, 0 for one without end, None where there is none."""
    return spans.milliseconds(written, name, _INFINITE)


def headers(written: Fields, *, of_route: bool = True) -> Iterator[JSON]:
    """Yield the filters that change headers; the host is none of a route's, and of a Service's Contour had none."""
    for name, kind, field in _SIDES:
        policy = written.one(name)
        pairs = [(each, each.text("name"), each.text("value")) for each in policy.many("set")]
        listed = []
        for each, header, value in pairs:
            if "%" in value.replace("%%", ""):
                each.lost("value", f"{value}: a value with variables; headers are set to texts")
            elif header.lower() != "host":
                listed.append({"name": header, "value": value.replace("%%", "%")})
            elif not of_route or name != _SIDES[0][0]:
                each.lost("name", "the host is set for a whole route; Contour refused it here too")
        removed = list(policy.texts("remove"))
        if listed or removed:
            changes = {**({"set": listed} if listed else {}), **({"remove": removed} if removed else {})}
            yield {"type": kind, field: changes}


def host_of(route: Fields) -> str:
    """Return the host that backends are told by way of a header, "" for none."""
    pairs = route.one("requestHeadersPolicy").many("set")
    return next((each.text("value").lower() for each in pairs if each.text("name").lower() == "host"), "")


def rewrite(route: Fields, of: ContourMatch) -> tuple[tuple[JSON, ...], JSON]:
    """Return the filter that changes path and host, or the spec of a RouteFilter that does."""
    host = host_of(route)
    changed: dict[str, Any] = {"hostname": host} if host else {}
    own_filter: JSON = {}
    replacements = route.one("pathRewritePolicy").many("replacePrefix")
    named = {each.text("prefix"): each.text("replacement") for each in replacements}
    to = named.get(of.prefix, named.get("", "")) if of.prefix else ""
    if to and isinstance(of.match.path, PrefixPath):
        changed["path"] = {"type": "ReplacePrefixMatch", "replacePrefixMatch": to}
    elif to:
        bare, end = escaped(of.prefix.rstrip("/")), to.rstrip("/")
        # One slash between what is put there and the rest, and never nothing at all.
        own_filter = {"pathRewrite": {"pattern": f"^{bare}" if end else f"^{bare}/?", "substitution": end or "/"}}
    elif replacements and not of.prefix:
        route.lost("pathRewritePolicy", "a prefix is replaced where paths are told by one; Contour refused it too")
    return (({"type": "URLRewrite", "urlRewrite": changed},) if changed else ()), own_filter


def times(route: Fields) -> dict[str, Any]:
    """Return `timeouts` and `retry` of a rule."""
    response = milliseconds(route.one("timeoutPolicy"), "response")
    retries = route.one("retryPolicy")
    each = milliseconds(retries, "perTryTimeout")
    return {**spans.timeouts(response, each), **({"retry": _retry(retries)} if retries else {})}


def _retry(written: Fields) -> JSON:
    attempts = max(written.number("count", 1), 0)
    reasons, codes = written.texts("retryOn"), list(written.numbers("retriableStatusCodes"))
    codes += [code for each in reasons or ("5xx",) for code in _CODES.get(each, ())]
    if reasons:
        written.approximate("retryOn", "retry.codes; failed connections are tried again in any case")
    good = [code for code in dict.fromkeys(codes) if 400 <= code <= 599]
    return {"attempts": min(attempts, _MOST_ATTEMPTS), **({"codes": good[:16]} if good else {})}


def passage(route: Fields, virtualhost: Fields) -> JSON:
    """Return the sections of a route's RoutePolicy."""
    idle = milliseconds(route.one("timeoutPolicy"), "idle")
    limits = [limit for of in (route, virtualhost) for limit in _limits(of, shared=of is virtualhost)]
    return {
        **({"timeouts": {"streamIdle": duration(idle)}} if idle is not None else {}),
        **({"rateLimit": {"limits": limits}} if limits else {}),
    }


def _limits(of: Fields, *, shared: bool) -> Iterator[JSON]:
    policy = of.one("rateLimitPolicy")
    policy.lost_if_written({"global": "a RoutePolicy's globalLimits say it, with a rate limit service"})
    local = policy.one("local")
    if not local:
        return
    requests, burst = local.number("requests"), local.number("burst")
    unit = _UNITS.get(local.text("unit"), "Second")
    local.lost_if_written({"responseHeadersToAdd": "the answer has no further headers"})
    if local.number("responseStatusCode", _TOO_MANY) != _TOO_MANY:
        local.approximate("responseStatusCode", f"{_TOO_MANY}")
    if shared:
        policy.approximate("local", "each rule counts by itself, in each proxy")
    yield {"requests": requests, "unit": unit, **({"burst": requests + burst} if burst else {})}


def redirect(written: Fields) -> JSON:
    """Return the filter that sends clients elsewhere."""
    path, prefix = written.text("path"), written.text("prefix")
    changed_path = (
        {"path": {"type": "ReplaceFullPath", "replaceFullPath": path}}
        if path
        else {"path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": prefix}}
        if prefix
        else {}
    )
    texts = {name: written.text(name) for name in ("scheme", "hostname")}
    port = written.number("port")
    return {
        "type": "RequestRedirect",
        "requestRedirect": {
            **{name: text for name, text in texts.items() if text},
            **({"port": port} if port else {}),
            **changed_path,
            "statusCode": written.number("statusCode", 302),
        },
    }


def answer(written: Fields) -> JSON:
    """Return the spec of the RouteFilter that answers itself."""
    return answers.answer(written, "body", written.number("statusCode"), written.text("body"))


def cors(written: Fields) -> tuple[JSON, ...]:
    """Return the filter that says what pages of other origins may do."""
    if not written:
        return ()
    origins = list(dict.fromkeys(written.texts("allowOrigin")))
    good = [each for each in origins if each == "*" or ("://" in each and "\\" not in each and "(" not in each)]
    if good != origins:
        written.lost("allowOrigin", "an origin is *, or scheme and host with *. for all below; others are refused")
    written.lost_if_written({"allowPrivateNetwork": "pages of public addresses may not ask private ones"})
    return cors_filter(written, good, written.texts("allowMethods"), milliseconds(written, "maxAge"))
