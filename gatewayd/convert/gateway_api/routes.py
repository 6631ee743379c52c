"""Rules of routes of older versions as they are written today: matches, filters, and where requests go.

In: a rule as it was written. Out: the rule, and the fate of each field that is written otherwise now.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Final

from gatewayd.convert.draft import JSON
from gatewayd.convert.fates import Fate, Fidelity
from gatewayd.convert.values import items, mapping, number, text, texts, unread

OLD_PATHS: Final = {"Prefix": "PathPrefix", "ImplementationSpecific": "PathPrefix"}
"""Types of paths that there were, and what they are today."""
_RULE_FIELDS: Final = ("name", "matches", "filters", "forwardTo", "backendRefs", "timeouts", "retry")
_MATCH_FIELDS: Final = ("path", "headers", "queryParams", "method")
_REF_FIELDS: Final = ("serviceName", "servicePort", "backendRef", "backend", "port", "weight", "filters")
_MODIFIERS: Final = {
    "RequestHeaderModifier": "requestHeaderModifier",
    "ResponseHeaderModifier": "responseHeaderModifier",
}
KEPT: Final = ("name", "timeouts", "retry")


def http_rule(written: JSON, path: str, fates: list[Fate]) -> dict[str, Any] | None:
    """Return a rule of an HTTPRoute; None where nobody can tell the requests that it was for."""
    fates.extend(unread(written, _RULE_FIELDS, path))
    unlisted(written, ("matches", "filters", "forwardTo", "backendRefs"), path, fates)
    given = written.get("matches")
    listed = given if isinstance(given, list) else []
    read = [_match(each, f"{path}.matches[{at}]", fates) for at, each in enumerate(listed)]
    matches = [each for each in read if each is not None]
    if given and not matches:
        fates.append(Fate(path=path, fidelity=Fidelity.LOST, message="without its matches it is not written"))
        return None
    filters = _filters(written, path, fates)
    refs = backend_refs(written, path, fates)
    return {
        **{name: written[name] for name in KEPT if name in written},
        **({"matches": matches} if matches else {}),
        **({"filters": filters} if filters else {}),
        **({"backendRefs": refs} if refs else {}),
    }


def unlisted(written: JSON, names: Iterable[str], path: str, fates: list[Fate]) -> None:
    """Tell of fields that are no lists."""
    for name in names:
        if name in written and not isinstance(written[name], list):
            message = f"is no list, and not read; allowed is a list of {name}"
            fates.append(Fate(path=f"{path}.{name}", fidelity=Fidelity.LOST, message=message))


def l4_rule(written: JSON, path: str, fates: list[Fate]) -> dict[str, Any]:
    """Return a rule of a TLSRoute, TCPRoute or UDPRoute."""
    fates.extend(unread(written, ("name", "matches", "forwardTo", "backendRefs"), path))
    for at, each in enumerate(items(written.get("matches"))):
        fates.extend(unread(each, ("snis",), f"{path}.matches[{at}]"))
    name = {"name": written["name"]} if "name" in written else {}
    return {**name, "backendRefs": backend_refs(written, path, fates)}


def snis(rules: tuple[JSON, ...]) -> tuple[str, ...]:
    """Return the server names that rules of a TLSRoute matched."""
    return tuple(
        dict.fromkeys(sni for rule in rules for each in items(rule.get("matches")) for sni in texts(each.get("snis")))
    )


def backend_refs(written: JSON, path: str, fates: list[Fate]) -> list[dict[str, Any]]:
    """Return where requests go: `forwardTo` of v1alpha1, or `backendRefs`."""
    refs = [
        _forwarded(each, f"{path}.backendRefs[{at}]", fates) if "serviceName" in each else dict(each)
        for at, each in enumerate(items(written.get("backendRefs")))
    ]
    for at, each in enumerate(items(written.get("forwardTo"))):
        place = f"{path}.forwardTo[{at}]"
        fates.extend(unread(each, _REF_FIELDS, place))
        fates.append(Fate(path=place, fidelity=Fidelity.EXACT, message="backendRefs"))
        refs.append(_forwarded(each, place, fates))
    return refs


def _forwarded(written: JSON, path: str, fates: list[Fate]) -> dict[str, Any]:
    named = mapping(written.get("backendRef")) or mapping(written.get("backend"))
    name = text(written.get("serviceName")) or text(named.get("name")) or text(named.get("serviceName"))
    group, kind = text(named.get("group")), text(named.get("kind"))
    foreign = {"group": group, "kind": kind} if kind not in ("", "Service") else {}
    ports = (written.get("port"), written.get("servicePort"), named.get("port"), named.get("servicePort"))
    port = next((number(each, 0) for each in ports if number(each, 0)), 0)
    filters = _filters(written, path, fates)
    return {
        **foreign,
        "name": name,
        **({"port": port} if port else {}),
        **({"weight": written["weight"]} if "weight" in written else {}),
        **({"filters": filters} if filters else {}),
    }


def _filters(written: JSON, path: str, fates: list[Fate]) -> list[dict[str, Any]]:
    filters = (_filter(each, f"{path}.filters[{at}]", fates) for at, each in enumerate(items(written.get("filters"))))
    return [each for each in filters if each is not None]


def _match(value: object, path: str, fates: list[Fate]) -> dict[str, Any] | None:
    """Return a match; None for one with a condition that nobody reads: without it, it would be for more requests."""
    written = mapping(value)
    lost = [*unread(written, _MATCH_FIELDS, path), *_unreadable(written, path)]
    fates.extend(lost)
    if lost or not isinstance(value, dict):
        message = "a match without one of its conditions is for more requests; it is not written"
        fates.append(Fate(path=path, fidelity=Fidelity.LOST, message=message))
        return None
    found = mapping(written.get("path"))
    kind = text(found.get("type"))
    if kind == "ImplementationSpecific":
        message = "PathPrefix, by segments; what it was is up to the implementation"
        fates.append(Fate(path=f"{path}.path.type", fidelity=Fidelity.APPROXIMATE, message=message))
    return {
        **({"path": {**found, **({"type": OLD_PATHS.get(kind, kind)} if kind else {})}} if found else {}),
        **_named(written, "headers", path, fates),
        **_named(written, "queryParams", path, fates),
        **({"method": written["method"]} if "method" in written else {}),
    }


def _unreadable(written: JSON, path: str) -> Iterator[Fate]:
    """Yield conditions that are neither what they are today nor what they have been."""
    for name, types in (("path", (dict,)), ("headers", (dict, list)), ("queryParams", (dict, list))):
        if name in written and not isinstance(written[name], types):
            yield Fate(path=f"{path}.{name}", fidelity=Fidelity.LOST, message="is not read")


def _named(written: JSON, field: str, path: str, fates: list[Fate]) -> dict[str, Any]:
    """Return matches of headers or parameters: v1alpha1 had a map of values, and one type for all of them."""
    value = written.get(field)
    if isinstance(value, list):
        return {field: [dict(each) for each in items(value)]}
    given = mapping(value)
    if not given:
        return {}
    kind = text(given.get("type")) or "Exact"
    # Before there was a type the values stood there by themselves.
    own = {name: each for name, each in given.items() if name != "type"}
    values = mapping(given["values"]) if "values" in given else own
    fates.append(Fate(path=f"{path}.{field}", fidelity=Fidelity.EXACT, message="a list of names with values"))
    return {field: [{"type": kind, "name": name, "value": each} for name, each in values.items()]}


def _filter(written: JSON, path: str, fates: list[Fate]) -> dict[str, Any] | None:
    kind = text(written.get("type"))
    field = _MODIFIERS.get(kind)
    if field is not None:
        return {"type": kind, field: _modifier(mapping(written.get(field)))}
    if kind == "RequestMirror":
        mirror = mapping(written.get("requestMirror"))
        if "serviceName" in mirror or "port" in mirror:
            return {"type": kind, "requestMirror": {"backendRef": _forwarded(mirror, path, fates)}}
        return dict(written)
    if kind in ("RequestRedirect", "URLRewrite"):
        return _with_path(written, "requestRedirect" if kind == "RequestRedirect" else "urlRewrite")
    if kind == "ExtensionRef":
        message = "a filter of another implementation; these requests answer 500 until it is taken away"
        fates.append(Fate(path=path, fidelity=Fidelity.LOST, message=message, protects=True))
    return dict(written)


def _modifier(written: JSON) -> dict[str, Any]:
    """Return a header modifier: v1alpha1 had maps."""
    return {
        name: [{"name": key, "value": each} for key, each in value.items()] if isinstance(value, dict) else value
        for name, value in written.items()
    }


def _with_path(written: JSON, field: str) -> dict[str, Any]:
    """Return a redirect or a rewrite: the first v1alpha2 had `substitution`, for `Absolute` or the prefix."""
    changed = dict(mapping(written.get(field)))
    path = mapping(changed.get("path"))
    if "substitution" in path:
        whole = text(path.get("type")) != "ReplacePrefixMatch"
        kind = "ReplaceFullPath" if whole else "ReplacePrefixMatch"
        changed["path"] = {"type": kind, kind[0].lower() + kind[1:]: path["substitution"]}
    return {**written, field: changed}
