"""What Contour's proxies did with a request: a second reading, to compare the converted objects with.

It looks for the route as Contour sorts them, letter by letter, and has nothing in common with what is written.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import re2

from gatewayd.convert.draft import JSON
from gatewayd.convert.journeys import Ending, LostFields, Probe, ToBackends, ToURL, WithStatus, shares
from gatewayd.convert.source import SourceObject
from gatewayd.convert.values import items, mapping, number, spec_of, text

_NOBODY: Final = WithStatus(status=404)
_EXACT, _REGEX, _PREFIX = 3, 2, 1
_DEEPEST: Final = 16


class ModelRoute(NamedTuple):
    """A route with all conditions; `parts` are where it and those that include it are written."""

    of: SourceObject
    written: JSON
    conditions: tuple[JSON, ...]
    parts: tuple[tuple[str, str], ...]

    @property
    def prefix(self) -> str:
        """What comes before: the prefixes of all, one after the other."""
        joined = "".join(text(each.get("prefix")) for each in self.conditions)
        return re.sub(r"/+", "/", joined) or "/"

    @property
    def special(self) -> tuple[int, int, int]:
        """How far in front the route stands."""
        for each in self.conditions:
            if "exact" in each:
                return _EXACT, len(self.prefix.rstrip("/") + text(each["exact"])), self._headers
            if "regex" in each:
                return _REGEX, len(self.prefix.rstrip("/") + text(each["regex"])), self._headers
        return _PREFIX, len(self.prefix.rstrip("/")), self._headers

    @property
    def _headers(self) -> int:
        return sum("header" in each for each in self.conditions)


class ContourModel:
    """All HTTPProxies as they were served."""

    def __init__(self, sources: Sequence[SourceObject], lost: LostFields) -> None:
        self._lost = lost
        self._proxies = {str(each.key): each for each in sources if each.kind == "HTTPProxy"}
        roots: dict[str, list[SourceObject]] = {}
        for _, each in sorted(self._proxies.items()):
            virtualhost = mapping(spec_of(each).get("virtualhost"))
            if virtualhost:
                roots.setdefault(text(virtualhost.get("fqdn")).lower(), []).append(each)
        alone = {name: own[0] for name, own in roots.items() if len(own) == 1}
        routes = {name: tuple(self._routes(root, (), ())) for name, root in alone.items()}
        # Contour refuses one without any routes.
        self.roots = {name: root for name, root in alone.items() if routes[name]}
        self._ordered = {
            name: tuple(sorted(own, key=lambda each: each.special, reverse=True)) for name, own in routes.items() if own
        }

    def routes(self, name: str) -> tuple[ModelRoute, ...]:
        """Return the routes of a host in Contour's order, those of included HTTPProxies among them."""
        return self._ordered[name]

    def _routes(
        self, of: SourceObject, above: tuple[JSON, ...], parts: tuple[tuple[str, str], ...]
    ) -> Iterator[ModelRoute]:
        for at, written in enumerate(items(spec_of(of).get("routes"))):
            own = (*above, *items(written.get("conditions")))
            yield ModelRoute(of, written, own, (*parts, (of.name, f"spec.routes[{at}]")))
        for at, include in enumerate(items(spec_of(of).get("includes"))):
            key = f"{text(include.get('namespace')) or of.key.namespace}/{text(include.get('name'))}"
            found = self._proxies.get(key)
            if found is not None and "virtualhost" not in spec_of(found) and len(parts) < _DEEPEST:
                way = (*parts, (of.name, f"spec.includes[{at}]"))
                yield from self._routes(found, (*above, *items(include.get("conditions"))), way)

    def is_secured(self, host: str) -> bool:
        """Return whether a host is served by HTTPS."""
        name = self._name(host)
        return name is not None and (bool(_tls(self.roots[name]).get("secretName")) or self._leads_on(name))

    def _leads_on(self, name: str) -> bool:
        """Return whether connections by TLS go on to a backend, whatever is in them."""
        tls = _tls(self.roots[name])
        is_told = bool(tls.get("secretName")) or tls.get("passthrough") is True
        return is_told and "tcpproxy" in spec_of(self.roots[name])

    def answer(self, probe: Probe) -> Ending | None:
        """Return what became of a request; None where that cannot be had, and the report says so."""
        name = self._name(probe.host)
        if name is None or (probe.scheme == "https" and not self.is_secured(probe.host)):
            return _NOBODY
        if probe.scheme == "https" and self._leads_on(name):
            return None
        ordered = self.routes(name)
        for at, route in enumerate(ordered):
            fits = _fits(route, probe)
            if fits is None:
                return None
            if fits:
                # The report says of which two nobody knows who goes first.
                rivals = [each for each in ordered[at + 1 :] if each.special == route.special]
                is_known = not any(_fits(each, probe) for each in rivals)
                return self._ending(route, probe, secured=self.is_secured(probe.host)) if is_known else None
        return _NOBODY

    def _name(self, host: str) -> str | None:
        host = host.lower()
        _, _, parent = host.partition(".")
        return next((name for name in (host, f"*.{parent}") if name in self.roots), None)

    def _ending(self, route: ModelRoute, probe: Probe, *, secured: bool) -> Ending | None:
        written = route.written
        if any(self._lost.has(name, path) for name, path in route.parts):
            return None
        if secured and probe.scheme == "http" and written.get("permitInsecure") is not True:
            return ToURL(location=f"https://{probe.host}{probe.path}")
        redirect, said = mapping(written.get("requestRedirectPolicy")), mapping(written.get("directResponsePolicy"))
        if redirect:
            return _sent(redirect, route, probe)
        if said:
            return WithStatus(status=number(said.get("statusCode"), 0))
        services = [each for each in items(written.get("services")) if each.get("mirror") is not True]
        given = any(number(each.get("weight"), 0) for each in services)
        weights: dict[str, int] = {}
        for each in services:
            service = f"{route.of.key.namespace}/{text(each.get('name'))}"
            weights[service] = weights.get(service, 0) + (number(each.get("weight"), 0) if given else 1)
        return ToBackends(shares=shares(weights), path=_rewritten(route, probe.path))


def _tls(root: SourceObject) -> JSON:
    return mapping(mapping(spec_of(root).get("virtualhost")).get("tls"))


def _fits(route: ModelRoute, probe: Probe) -> bool | None:
    """Return whether a route is for a request; None where the report says that it is, or is not, any more."""
    sent = {name.lower(): value for name, value in probe.headers}
    for each in route.conditions:
        if "queryParameter" in each:
            return False
        if "header" in each and not _header_fits(mapping(each["header"]), sent):
            return False
    before = route.prefix.rstrip("/")
    for each in route.conditions:
        if "exact" in each:
            return probe.path == re.sub(r"/+", "/", f"{route.prefix if before else ''}{text(each['exact'])}")
        if "regex" in each:
            return re2.fullmatch(f"{re.escape(before)}{text(each['regex'])}", probe.path) is not None
    fits = probe.path.startswith(route.prefix)
    by_segments = probe.path == before or probe.path.startswith(f"{before}/")
    keeps_out = number(mapping(route.written.get("directResponsePolicy")).get("statusCode"), 0) >= 400
    return None if fits != by_segments and not keeps_out else fits


def _header_fits(wanted: JSON, sent: dict[str, str]) -> bool:
    value = sent.get(text(wanted.get("name")).lower())
    if value is None:
        return False
    if wanted.get("ignoreCase") is True:
        value = value.lower()
        wanted = {
            name: each.lower() if isinstance(each, str) and name != "name" else each for name, each in wanted.items()
        }
    if "exact" in wanted:
        return value == text(wanted["exact"])
    if "contains" in wanted:
        return text(wanted["contains"]) in value
    return "regex" not in wanted or re2.fullmatch(text(wanted["regex"]), value) is not None


def _sent(redirect: JSON, route: ModelRoute, probe: Probe) -> ToURL:
    scheme = text(redirect.get("scheme")) or probe.scheme
    host = text(redirect.get("hostname")) or probe.host
    port = f":{redirect['port']}" if "port" in redirect else ""
    path = probe.path
    if text(redirect.get("prefix")):
        path = _replaced(route.prefix, text(redirect["prefix"]), probe.path)
    return ToURL(location=f"{scheme}://{host}{port}{text(redirect.get('path')) or path}")


def _rewritten(route: ModelRoute, path: str) -> str:
    if any("exact" in each or "regex" in each for each in route.conditions):
        return path
    replacements = items(mapping(route.written.get("pathRewritePolicy")).get("replacePrefix"))
    named = {text(each.get("prefix")): text(each.get("replacement")) for each in replacements}
    to = named.get(route.prefix, named.get("", ""))
    return _replaced(route.prefix, to, path) if to else path


def _replaced(prefix: str, to: str, path: str) -> str:
    """Return a path whose prefix is replaced, with one slash between what was put there and the rest."""
    rest = path.removeprefix(prefix.rstrip("/"))
    return f"{to.rstrip('/')}{rest}" or "/"
