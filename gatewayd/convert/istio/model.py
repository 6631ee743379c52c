"""What Istio's gateways did with a request: a second reading, to compare the converted objects with.

It goes from rule to rule as the proxies did, letter by letter, and has nothing in common with what is written.
"""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import re2

from gatewayd.convert.draft import JSON
from gatewayd.convert.journeys import Ending, LostFields, Probe, ToBackends, ToURL, WithStatus, shares
from gatewayd.convert.source import SourceObject
from gatewayd.convert.values import items, mapping, number, spec_of, text, texts

_NOBODY: Final = WithStatus(status=404)
_HTTP: Final = ("HTTP", "HTTP2", "GRPC", "GRPC-WEB")
Names = dict[str, list["ModelServer"]]


class ModelRule(NamedTuple):
    """A rule with the conditions of those that lead on to it; `of` and `path` are where it is written."""

    of: SourceObject
    path: str
    written: JSON
    above: tuple[JSON, ...]

    @property
    def both(self) -> tuple[JSON, ...]:
        """The rule and those that lead on to it: a request has to meet the conditions of all."""
        return (self.written, *self.above)


class ModelServer(NamedTuple):
    """A VirtualService at a server of a Gateway."""

    owner: SourceObject
    gateway: str
    port: int
    redirects: bool


class IstioModel:
    """All Gateways and VirtualServices as they were served."""

    def __init__(self, sources: Sequence[SourceObject], lost: LostFields) -> None:
        self._lost = lost
        ordered = sorted(sources, key=lambda each: (_created(each), str(each.key)))
        self._services = [each for each in ordered if each.kind == "VirtualService"]
        self.names: dict[str, Names] = {"http": {}, "https": {}}
        self._streams: list[str] = []
        for gateway in (each for each in ordered if each.kind == "Gateway"):
            for server in items(spec_of(gateway).get("servers")):
                self._serve(gateway, server)

    def _serve(self, gateway: SourceObject, server: JSON) -> None:
        port, tls = mapping(server.get("port")), mapping(server.get("tls"))
        protocol = text(port.get("protocol")).upper()
        if protocol not in (*_HTTP, "HTTPS") or text(tls.get("mode")) in ("PASSTHROUGH", "AUTO_PASSTHROUGH"):
            names = (host.rpartition("/")[2].lower() for host in texts(server.get("hosts")))
            self._streams.extend(names if protocol in ("HTTPS", "TLS") else ())
            return
        scheme = "https" if protocol == "HTTPS" else "http"
        redirects = scheme == "http" and tls.get("httpsRedirect") is True
        for host in texts(server.get("hosts")):
            namespace, _, name = host.rpartition("/")
            of = {"": "*", ".": gateway.key.namespace}.get(namespace, namespace)
            for owner in self._services:
                if of in ("*", owner.key.namespace) and str(gateway.key) in _gateways(owner):
                    served = ModelServer(owner, str(gateway.key), number(port.get("number"), 0), redirects)
                    for hostname in texts(spec_of(owner).get("hosts")):
                        self._name(scheme, hostname.lower(), name.lower(), served)

    def _name(self, scheme: str, hostname: str, name: str, served: ModelServer) -> None:
        for narrow, wide in ((hostname, name), (name, hostname)):
            if _is_for(wide, narrow):
                self.names[scheme].setdefault(narrow, []).append(served)
                return

    def answer(self, probe: Probe) -> Ending | None:
        """Return what became of a request; None where that cannot be had, and the report says so."""
        names = self.names[probe.scheme]
        host = self.name_of(probe.scheme, probe.host.lower())
        if probe.scheme == "https" and any(_is_for(name, probe.host.lower()) for name in self._streams):
            return None  # what is in the connection was not for the proxy to know
        if host is None:
            return _NOBODY
        if any(served.redirects for served in names[host]):
            # Who is sent where nobody speaks TLS is not compared.
            is_spoken_to = self.name_of("https", probe.host.lower()) is not None
            return ToURL(location=f"https://{probe.host}{probe.path}") if is_spoken_to else None
        done: set[tuple[str, str]] = set()
        for owner in self._services:
            own = [served for served in names[host] if served.owner is owner]
            for rule in self.rules(owner) if own else ():
                fits = self._fits(rule, own, probe)
                if fits is None:
                    return None
                if fits and (rule.of.name, rule.path) not in done:
                    return self._ending(rule, fits, probe)
        return _NOBODY

    def name_of(self, scheme: str, host: str) -> str | None:
        """Return the name by which a host is served, None where it is not."""
        return max((name for name in self.names[scheme] if _is_for(name, host)), key=_special, default=None)

    def rules(self, owner: SourceObject) -> Iterator[ModelRule]:
        """Yield the rules of a VirtualService in their order, those of others that it leads on to among them."""
        for at, written in enumerate(items(spec_of(owner).get("http"))):
            rule = ModelRule(owner, f"spec.http[{at}]", written, ())
            ref = mapping(written.get("delegate"))
            if not ref:
                yield rule
                continue
            key = f"{text(ref.get('namespace')) or owner.key.namespace}/{text(ref.get('name'))}"
            for found in (each for each in self._services if str(each.key) == key and not spec_of(each).get("hosts")):
                for below, other in enumerate(items(spec_of(found).get("http"))):
                    yield ModelRule(found, f"spec.http[{below}]", other, (written,))

    def _fits(self, rule: ModelRule, at: Sequence[ModelServer], probe: Probe) -> tuple[JSON, ...] | None:
        """Return the matches that a request fits, the rule's own first.

        None of them where it does not fit, None where the report says that it fits now, or does not any more.
        """
        fitting: tuple[JSON, ...] = ()
        for each in rule.both:
            found: list[JSON] = []
            for match in items(each.get("match")) or ({},):
                fits = _match_fits(match, at, rule.of.key.namespace, probe, is_closed=_is_error(rule.written))
                if fits is None:
                    return None
                if fits:
                    found.append(match)
            if not found:
                return ()
            fitting = (*fitting, found[0])
        return fitting

    def _ending(self, rule: ModelRule, matches: Sequence[JSON], probe: Probe) -> Ending | None:
        if self._lost.has(rule.of.name, rule.path):
            return None
        answer, redirect = mapping(rule.written.get("directResponse")), mapping(rule.written.get("redirect"))
        if answer:
            return WithStatus(status=number(answer.get("status"), 0))
        if redirect:
            return _sent(redirect, probe)
        weights: dict[str, int] = {}
        routes = items(rule.written.get("route"))
        for each in routes:
            weight = number(each.get("weight"), 0) if len(routes) > 1 else 1
            name = _service(mapping(each.get("destination")), rule.of.key.namespace)
            weights[name] = weights.get(name, 0) + weight
        path = _rewritten(mapping(rule.written.get("rewrite")), _uri(matches), probe.path)
        return None if path is None else ToBackends(shares=shares(weights), path=path)


def _created(source: SourceObject) -> str:
    return text(mapping(source.value.get("metadata")).get("creationTimestamp")) or "~"


def _gateways(owner: SourceObject) -> tuple[str, ...]:
    return tuple(_qualified(name, owner.key.namespace) for name in texts(spec_of(owner).get("gateways")))


def _qualified(name: str, namespace: str) -> str:
    before, _, after = name.rpartition("/")
    return f"{namespace if before in ('', '.') else before}/{after}"


def _is_for(pattern: str, host: str) -> bool:
    if pattern in ("*", host):
        return True
    return pattern.startswith("*.") and host.endswith(pattern[1:]) and len(host) > len(pattern) - 1


def _special(name: str) -> tuple[bool, int]:
    return "*" not in name, len(name)


def _is_error(written: JSON) -> bool:
    aborts = bool(mapping(mapping(written.get("fault")).get("abort")))
    return aborts or number(mapping(written.get("directResponse")).get("status"), 0) >= 400


def _match_fits(
    match: JSON, at: Sequence[ModelServer], namespace: str, probe: Probe, *, is_closed: bool
) -> bool | None:
    gateways = [_qualified(name, namespace) for name in texts(match.get("gateways"))]
    port = number(match.get("port"), 0)
    if not any(port in (0, each.port) and (not gateways or each.gateway in gateways) for each in at):
        return False
    sent = {name.lower(): value for name, value in probe.headers}
    for name, wanted in mapping(match.get("headers")).items():
        if name.lower() not in sent or not _string_fits(mapping(wanted), sent[name.lower()]):
            return False
    method, authority = mapping(match.get("method")), mapping(match.get("authority"))
    if not _string_fits(method, "GET") or not _string_fits(authority, probe.host) or match.get("queryParams"):
        return False
    uri, path = mapping(match.get("uri")), probe.path
    if match.get("ignoreUriCase") is True and "regex" not in uri:
        return _string_fits({kind: text(each).lower() for kind, each in uri.items()}, path.lower())
    fits = _string_fits(uri, path)
    prefix = text(uri.get("prefix"))
    bare = prefix.rstrip("/")
    by_segments = path == bare or path.startswith(f"{bare}/")
    # The report says that a prefix goes by segments, unless it is one of an error.
    return None if prefix and fits != by_segments and not is_closed else fits


def _string_fits(wanted: JSON, value: str) -> bool:
    if "exact" in wanted:
        return value == text(wanted["exact"])
    if "prefix" in wanted:
        return value.startswith(text(wanted["prefix"]))
    if "regex" in wanted:
        return re2.fullmatch(text(wanted["regex"]), value) is not None
    return True


def _service(destination: JSON, namespace: str) -> str:
    name, _, rest = text(destination.get("host")).lower().partition(".")
    of = rest.partition(".")[0] or namespace
    subset = text(destination.get("subset"))
    return f"{of}/{name}-{subset}" if subset else f"{of}/{name}"


def _sent(redirect: JSON, probe: Probe) -> ToURL:
    authority = text(redirect.get("authority")).lower() or probe.host
    port = f":{redirect['port']}" if "port" in redirect else ""
    scheme = text(redirect.get("scheme")) or probe.scheme
    return ToURL(location=f"{scheme}://{authority}{port}{text(redirect.get('uri')) or probe.path}")


def _uri(matches: Sequence[JSON]) -> JSON:
    return next((uri for each in matches if (uri := mapping(each.get("uri")))), {})


def _rewritten(rewrite: JSON, uri: JSON, path: str) -> str | None:
    """Return a path as Envoy rewrites it; two slashes that Istio left there the report has as one.

    None for a prefix that becomes a path with a slash at its end, which the report has without.
    """
    regex, target = mapping(rewrite.get("uriRegexRewrite")), text(rewrite.get("uri"))
    if regex:
        return str(re2.sub(text(regex.get("match")), text(regex.get("rewrite")), path))
    if not target:
        return path
    if "exact" in uri:
        return target
    if "regex" in uri:
        return str(re2.sub(f"^(?:{text(uri['regex'])})$", target, path))
    prefix = text(uri.get("prefix")) or "/"
    prefix = path[: len(prefix)] if path.lower().startswith(prefix.lower()) else prefix
    rest = path.removeprefix(prefix) if not prefix.endswith("/") or path != prefix.rstrip("/") else ""
    if target.endswith("/") and not prefix.endswith("/"):
        if not rest and target != "/":
            return None
        rest = rest.removeprefix("/")
    return f"{target}{rest}"
