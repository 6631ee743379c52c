"""What a VirtualService does to requests on their way: time-outs, retries, faults, copies, headers, and other origins.

https://istio.io/latest/docs/reference/config/networking/virtual-service/#HTTPRoute
"""

import math
from typing import Any, Final

from gatewayd.convert.cors import cors_filter
from gatewayd.convert.draft import JSON
from gatewayd.convert.fields import Fields
from gatewayd.convert.istio.destinations import Whither, destination_ref
from gatewayd.convert.istio.matches import METHODS
from gatewayd.convert.spans import duration, milliseconds, timeouts

_CODES: Final = {
    "5xx": (500, 502, 503, 504),
    "gateway-error": (502, 503, 504),
    "retriable-4xx": (409,),
    "unavailable": (503,),
}
_MOST_CODES: Final = 16
_MOST_ATTEMPTS: Final = 10
_HOSTS: Final = ("host", ":authority")
_WHOLE: Final = 100.0
_MODIFIERS: Final = {
    "request": ("RequestHeaderModifier", "requestHeaderModifier"),
    "response": ("ResponseHeaderModifier", "responseHeaderModifier"),
}


def times(written: Fields) -> dict[str, Any]:
    """Return `timeouts` and `retry` of a rule."""
    whole, retries = milliseconds(written, "timeout"), written.one("retries")
    each = milliseconds(retries, "perTryTimeout") if "perTryTimeout" in retries else None
    return {**timeouts(whole, each), **({"retry": _retry(retries)} if retries else {})}


def _retry(written: Fields) -> JSON:
    attempts = written.number("attempts")
    if attempts > _MOST_ATTEMPTS:
        written.approximate("attempts", f"{_MOST_ATTEMPTS}, the most that there are")
    reasons = [each.strip() for each in written.text("retryOn").split(",") if each.strip()]
    codes: list[int] = []
    for each in reasons:
        codes.extend(_CODES.get(each, (int(each),) if each.isdigit() and 400 <= int(each) <= 599 else ()))
    if "retryOn" in written:
        written.approximate("retryOn", "retry.codes; failed connections are tried again in any case")
    written.ignore("retryRemoteLocalities", "retryIgnorePreviousHosts")
    backoff = milliseconds(written, "backoff") if "backoff" in written else None
    return {
        "attempts": min(attempts, _MOST_ATTEMPTS),
        **({"codes": list(dict.fromkeys(codes))[:_MOST_CODES]} if codes else {}),
        **({"backoff": duration(backoff)} if backoff else {}),
    }


def percentage(written: Fields, name: str, old: str = "") -> float:
    """Return a share in percent, 100 where nothing is said; `old` is a field of whole numbers."""
    share = written.one(name)
    if share:
        return share.amount("value")
    return float(written.number(old)) if old and old in written else _WHOLE


def fault(written: Fields) -> JSON:
    """Return the section `fault` of a RoutePolicy."""
    delay, abort = written.one("delay"), written.one("abort")
    section: dict[str, Any] = {}
    if delay:
        section["delay"] = _delay(delay)
    if abort:
        section["abort"] = _abort(abort)
    return {"fault": {name: each for name, each in section.items() if each}} if any(section.values()) else {}


def _percent(written: Fields) -> int:
    """Return a share as a whole number, at least 1 where it is more than nothing."""
    share = percentage(written, "percentage", "percent")
    whole = math.ceil(share)
    if whole != share:
        written.approximate("percentage", f"{whole} %, in place of {share:g} %")
    return min(whole, 100)


def _delay(written: Fields) -> JSON:
    fixed, percent = milliseconds(written, "fixedDelay"), _percent(written)
    return {"duration": duration(fixed), "percent": percent} if fixed and percent else {}


def _abort(written: Fields) -> JSON:
    percent, status = _percent(written), written.number("httpStatus")
    if not 400 <= status <= 599:
        for name in ("httpStatus", "grpcStatus", "http2Error"):
            if name in written:
                written.lost(name, "a fault answers with an HTTP status from 400 to 599", protects=percent == _WHOLE)
        return {}
    return {"status": status, "percent": percent} if percent else {}


def mirrors(written: Fields, whither: Whither) -> tuple[JSON, ...]:
    """Return a filter for each Service that gets copies of requests."""
    copies: list[tuple[JSON | None, float]] = []
    if written.one("mirror"):
        old = "mirrorPercent" if "mirrorPercent" in written else "mirror_percent"
        share = percentage(written, "mirrorPercentage", old)
        copies.append((destination_ref(written.one("mirror"), whither), share))
    copies.extend(
        (destination_ref(each.one("destination"), whither), percentage(each, "percentage"))
        for each in written.many("mirrors")
    )
    return tuple(
        {"type": "RequestMirror", "requestMirror": {"backendRef": ref, **_share(share)}}
        for ref, share in copies
        if ref is not None and share
    )


def _share(percent: float) -> JSON:
    if percent == _WHOLE:
        return {}
    if percent == int(percent):
        return {"percent": int(percent)}
    return {"fraction": {"numerator": round(percent * 1000), "denominator": 100_000}}


def headers(written: Fields, *, of_backend: bool = False) -> tuple[JSON, ...]:
    """Return the filters that change headers; the host is none, but for one backend of a rule (`of_backend`)."""
    filters: list[JSON] = []
    for side, (kind, field) in _MODIFIERS.items():
        changes = written.one(side)
        changed = {how: _list(changes, how, of_backend=of_backend) for how in ("set", "add") if changes.one(how)}
        removed = list(changes.texts("remove"))
        modifier = {**{how: each for how, each in changed.items() if each}, **({"remove": removed} if removed else {})}
        if modifier:
            filters.append({"type": kind, field: modifier})
    return tuple(filters)


def host_of(written: Fields) -> str:
    """Return the host that backends are told by way of a header, "" for none."""
    named = written.one("request").one("set")
    return next((named.text(name).lower() for name in named.names() if name.lower() in _HOSTS), "")


def _list(changes: Fields, how: str, *, of_backend: bool) -> list[JSON]:
    named = changes.one(how)
    listed: list[JSON] = []
    for name in named.names():
        value = named.text(name)
        if name.lower() in _HOSTS:
            if of_backend and how == "set":
                listed.append({"name": "Host", "value": value.lower()})
            elif how == "add":
                named.lost(name, "there is one host; set says which")
        elif "%" in value.replace("%%", ""):
            named.lost(name, f"{value}: a value with variables; headers are set to texts")
        else:
            listed.append({"name": name, "value": value.replace("%%", "%")})
    return listed


def cors(written: Fields) -> tuple[JSON, ...]:
    """Return the filter that says what pages of other origins may do."""
    if not written:
        return ()
    origins = [*written.texts("allowOrigin")]
    for each in written.many("allowOrigins"):
        if "exact" in each:
            origins.append(each.text("exact"))
        elif each.text("regex") == ".*" or (each.text("prefix") == "" and "prefix" in each):
            origins.append("*")
        else:
            each.lost("", "an origin is *, or scheme and host with *. for all below; these origins are refused")
    if "unmatchedPreflights" in written:
        written.approximate("unmatchedPreflights", "preflights of other origins go to the backend")
    methods = [each for each in written.texts("allowMethods") if each in (*METHODS, "*")]
    return cors_filter(written, origins, methods, milliseconds(written, "maxAge"))
