"""What the controllers of Ingresses did with a request: a second reading, to compare the converted objects with.

It goes by the configuration that ingress-nginx wrote, server by server and location by location, and has nothing in
common with the rules that are written. https://nginx.org/en/docs/http/ngx_http_core_module.html#location
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import unquote

import re2

from gatewayd.convert.edges import escaped
from gatewayd.convert.ingress.hosts import ANY, server_order
from gatewayd.convert.ingress.parts import IngressPart
from gatewayd.convert.ingress.shapes import WrittenBackend
from gatewayd.convert.journeys import Ending, Probe, ToBackends, ToURL, WithStatus, shares
from gatewayd.translator.nginx.canaries import Canary
from gatewayd.translator.nginx.destinations import SERVED
from gatewayd.translator.nginx.paths import Rewriting
from gatewayd.translator.nginx.redirects import CHALLENGES, Redirecting
from gatewayd.untrusted.regexes import regex_problem

_ONE_LABEL: Final = re.compile(r"[\w-]+")
_GROUP: Final = re.compile(r"\$(?:([0-9])|\{([0-9])\})")
_LITERAL: Final = re.compile(r"[A-Za-z0-9/_~-]*")
_UNWRITABLE: Final = re.compile(r"[?\s]|://|[^ -~]")
_NOBODY: Final = WithStatus(status=404)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelPath:
    """A path of a server; `canary` and `canary_backend` are those of the first canary that shares it."""

    part: IngressPart
    path: str
    exact: bool
    backend: WrittenBackend | None
    canary: Canary | None = None
    canary_backend: str | None = None


class IngressModel:
    """All Ingresses as their controllers served them."""

    def __init__(self, parts: Iterable[IngressPart]) -> None:
        ordered = sorted(parts, key=lambda part: part.order)
        self._main = [part for part in ordered if part.canary is None]
        self._canaries = [part for part in ordered if part.canary is not None]
        named = {name: self._server(name) for name in self._names()}
        self.servers = {**self._aliased(named), **named}
        self._certified = frozenset(self._certificates())
        closed = [id(named[name]) for name in self._closed()]
        self._lost = frozenset(name for name, server in self.servers.items() if id(server) in closed)

    def answer(self, probe: Probe) -> Ending | None:
        """Return what became of a request; None where that cannot be had, and the report says so."""
        name = self._server_name(probe.host.lower())
        if name is None:
            return _NOBODY
        if name in self._lost:
            return None
        server = self.servers[name]
        longest = sorted(sorted(server, key=lambda each: each.path, reverse=True), key=lambda each: -len(each.path))
        root = next((each.part.redirecting.app_root for each in longest if each.part.redirecting.app_root), "")
        if root and probe.path == "/":
            return ToURL(location=f"{probe.scheme}://{probe.host}{root}")
        found = _location(server, unquote(probe.path))
        if isinstance(found, ToURL):
            return ToURL(location=f"{probe.scheme}://{probe.host}{escaped(found.location)}")
        return _NOBODY if found is None else self._served(found, probe, server)

    def _served(self, found: ModelPath, probe: Probe, server: list[ModelPath]) -> Ending | None:
        away, redirecting = found.part.away, found.part.redirecting
        if found.part.closed or (away.is_away and away.redirect is None):
            return None
        if away.redirect is not None:
            where = away.redirect
            path = where["path"]["replaceFullPath"] if "path" in where else probe.path
            port = f":{where['port']}" if "port" in where else ""
            return ToURL(location=f"{where['scheme']}://{where['hostname']}{port}{path}")
        sends = (redirecting.to_https or redirecting.forced) and not found.path.startswith(CHALLENGES)
        if sends and probe.scheme == "http" and self.is_secured(probe.host):
            return ToURL(location=f"https://{probe.host}{probe.path}")
        if found.backend is None:
            return _NOBODY
        return _forwarded(found, probe, is_expression=_is_expression(server))

    def _names(self) -> Iterator[str]:
        for part in self._main:
            yield from self._named_by(part)

    @staticmethod
    def _named_by(part: IngressPart) -> Iterator[str]:
        yield from (rule.host.lower() for rule in part.ingress.spec.rules)
        if not part.ingress.spec.rules and part.ingress.spec.default_backend is not None:
            yield ANY

    def _closed(self) -> Iterator[str]:
        """Yield the servers that have lost a protection of all their paths."""
        for part in self._main:
            yield from self._ruled(part) if part.closing_hosts else ()

    def _aliased(self, named: dict[str, list[ModelPath]]) -> dict[str, list[ModelPath]]:
        """Return the servers by their further names: of two that have the same one, the first by its own name."""
        aliased: dict[str, list[ModelPath]] = {}
        for name in sorted(named, key=server_order):
            saying = (each for each in self._main if each.nginx is not None and each.nginx.words("server-alias"))
            first = next((each for each in saying if name in self._ruled(each)), None)
            for alias in first.aliases if first is not None else ():
                aliased.setdefault(alias, named[name])
        return aliased

    @staticmethod
    def _ruled(part: IngressPart) -> frozenset[str]:
        return frozenset(rule.host.lower() for rule in part.ingress.spec.rules)

    def _server(self, name: str) -> list[ModelPath]:
        """Return the paths of a server: of the same one the first, and what no path is for at the beginning."""
        paths: list[ModelPath] = []
        rests: list[ModelPath] = []
        for part in self._main:
            spec = part.ingress.spec
            if name not in self._ruled(part) and not (name == ANY and not spec.rules):
                continue
            rests.append(self._rest(name, part))
            for rule in spec.rules:
                for each in rule.http.paths if rule.host.lower() == name else ():
                    path, exact = each.path or "/", each.path_type == "Exact"
                    if all((other.path, other.exact) != (path, exact) for other in paths):
                        paths.append(self._path(name, part, path, each.backend, exact=exact))
        first = [each for each in paths if each.path == "/" and not each.exact]
        if not first and rests:
            any_of = name == ANY or rests[0].part.nginx is None
            with_backend = (each for each in rests if each.backend is not None) if any_of else iter(rests)
            first = [next(with_backend, rests[0])]
        return [*first, *(each for each in paths if each not in first)]

    def _rest(self, name: str, part: IngressPart) -> ModelPath:
        """Return what no path of a server is for; that of every host has no default backend of who has rules."""
        spec = part.ingress.spec
        if part.nginx is None or name != ANY:
            return self._path(name, part, "/", spec.default_backend, exact=False)
        plain = replace(part, rewriting=Rewriting(), redirecting=Redirecting(), away=SERVED)
        return self._path(name, plain, "/", None if spec.rules else spec.default_backend, exact=False)

    def _path(
        self, name: str, part: IngressPart, path: str, backend: WrittenBackend | None, *, exact: bool
    ) -> ModelPath:
        for rival in self._canaries:
            for rule in rival.ingress.spec.rules:
                for each in rule.http.paths:
                    same = (each.path or "/", each.path_type == "Exact") == (path, exact)
                    if same and rule.host.lower() == name:
                        return ModelPath(
                            part=part,
                            path=path,
                            exact=exact,
                            backend=backend,
                            canary=rival.canary if backend is not None else None,
                            canary_backend=_service(rival, each.backend),
                        )
        return ModelPath(part=part, path=path, exact=exact, backend=backend)

    def is_secured(self, host: str) -> bool:
        """Return whether there is a certificate for a host: its own, or a wildcard of any Ingress."""
        name = host.lower()
        return name in self._certified or f"*.{name.partition('.')[2]}" in self._certified

    def _certificates(self) -> Iterator[str]:
        """Yield the hosts with a certificate."""
        for part in self._main:
            ruled = [*(rule.host.lower() for rule in part.ingress.spec.rules), *part.aliases]
            for tls in part.ingress.spec.tls:
                for name in ruled if tls.secret_name else ():
                    listed = [host.lower() for host in tls.hosts]
                    wildcard = f"*.{name.partition('.')[2]}"
                    if name and (not listed or name in listed or wildcard in listed):
                        yield name

    def _server_name(self, host: str) -> str | None:
        label, _, parent = host.partition(".")
        if host in self.servers:
            return host
        if f"*.{parent}" in self.servers and _ONE_LABEL.fullmatch(label):
            return f"*.{parent}"
        return ANY if ANY in self.servers else None


def _is_expression(server: list[ModelPath]) -> bool:
    return any(each.part.rewriting.is_expression(each.path) for each in server)


def _location(server: list[ModelPath], path: str) -> ModelPath | ToURL | None:
    """Return the location for a path: of expressions the first that holds, else the exact one, else the longest."""
    if _is_expression(server):
        ordered = sorted(sorted(server, key=lambda each: each.path, reverse=True), key=lambda each: -len(each.path))
        exact = frozenset(each.path for each in server if each.exact)
        return next((each for each in ordered if _holds(_tried(each, exact), path)), None)
    wholes = {each.path: each for each in server if not each.exact and each.path != "/"}
    wholes |= {each.path: each for each in server if each.exact}
    if path in wholes:
        return wholes[path]
    slashed = [each for each in server if each.part.nginx is not None and each.path == f"{path}/"]
    if slashed:
        return ToURL(location=f"{path}/")
    prefixes = [each for each in server if not each.exact and _is_below(path, each)]
    return max(prefixes, key=lambda each: len(each.path.rstrip("/")), default=None)


def _tried(location: ModelPath, exact: frozenset[str]) -> str:
    """Return an expression as nginx has it: a prefix beside an exact path is what is below it."""
    splits = not location.exact and location.path in exact and location.path != "/"
    if splits and not location.part.rewriting.is_expression(location.path):
        return f"{location.path.rstrip('/')}/"
    return location.path


def _holds(pattern: str, path: str) -> bool:
    """Return whether an expression is for a path; one that is none of RE2, for what begins like it."""
    if regex_problem(pattern):
        return path.lower().startswith(_LITERAL.match(pattern)[0].lower())  # type: ignore[index]
    return re2.search(f"(?i)^{pattern}", path) is not None


def _is_below(path: str, location: ModelPath) -> bool:
    bare = location.path.rstrip("/")
    return path.startswith(f"{bare}/") or (path == bare and location.part.nginx is None)


def _forwarded(found: ModelPath, probe: Probe, *, is_expression: bool) -> Ending | None:
    weights = _weights(found, probe)
    if weights is None or (is_expression and regex_problem(found.path)):
        return None
    path: str | None = probe.path
    if is_expression and found.part.rewriting.changes(found.path):
        path = _rewritten(found, unquote(probe.path))
    return None if path is None else ToBackends(shares=shares(weights), path=path)


def _rewritten(found: ModelPath, path: str) -> str | None:
    """Return a path as nginx's `rewrite` writes it: the target, with groups, in the place of all of it."""
    target = found.part.rewriting.target
    match = None if regex_problem(found.path) else re2.search(f"(?i){found.path}", path)
    if match is None or "$" in _GROUP.sub("", target) or _UNWRITABLE.search(target):
        return None
    # nginx writes nothing for a group that the expression does not have.
    groups = dict(enumerate((match[0], *match.groups())))
    written = _GROUP.sub(lambda group: groups.get(int(group[1] or group[2])) or "", target)
    return escaped(written if written.startswith("/") else f"/{written}")


def _weights(found: ModelPath, probe: Probe) -> dict[str, int] | None:
    """Return the Services that a request goes to with their weights; None for what is no Service."""
    own = _service(found.part, found.backend)
    if own is None:
        return None
    rival = found.canary_backend
    if found.canary is None or rival is None or rival == own:
        return {own: 1}
    chosen = _chosen(found.canary, dict(probe.headers))
    if chosen is not None:
        return {rival if chosen else own: 1}
    return {own: found.canary.total - found.canary.weight, rival: found.canary.weight}


def _service(part: IngressPart, backend: WrittenBackend | None) -> str | None:
    if backend is None or backend.service is None or not backend.service.port.number:
        return None
    return f"{part.source.key.namespace}/{backend.service.name}"


def _chosen(canary: Canary, headers: dict[str, str]) -> bool | None:
    """Return whether a header or a cookie says that a request gets the canary; None where neither says anything."""
    sent = headers.get(canary.header) if canary.header else None
    if sent is not None:
        if canary.value:
            if sent == canary.value:
                return True
        elif canary.pattern:
            if re2.search(canary.pattern, sent):
                return True
        elif sent in ("always", "never"):
            return sent == "always"
    cookies = dict(each.strip().partition("=")[::2] for each in headers.get("Cookie", "").split(";"))
    said = cookies.get(canary.cookie) if canary.cookie else None
    return said == "always" if said in ("always", "never") else None
