"""All Ingresses together as hosts: who has which path of which host, and which certificate.

For the same host and path the older Ingress counts, then the first by name. A `defaultBackend` beside rules answers for
what no path of its hosts is for; one without rules, for the hosts that no rule is for.
https://kubernetes.io/docs/concepts/services-networking/ingress/
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final, NamedTuple

from gatewayd.convert.draft import HTTPS
from gatewayd.convert.fates import Fate, Fidelity, Item
from gatewayd.convert.ingress.parts import IngressHost, IngressPart, Location
from gatewayd.convert.ingress.shapes import WrittenTLS
from gatewayd.translator.nginx.destinations import SERVED
from gatewayd.translator.nginx.known import effects
from gatewayd.translator.nginx.paths import Rewriting
from gatewayd.translator.nginx.redirects import Redirecting

ANY: Final = ""


class HostsRead(NamedTuple):
    """The hosts by name, the Secrets of their listeners, and what becomes of fields that count for nothing."""

    hosts: tuple[IngressHost, ...]
    certificates: dict[HTTPS, tuple[str, IngressPart]]
    items: tuple[Item, ...]


def hosts(parts: Iterable[IngressPart]) -> HostsRead:
    """Return the hosts of Ingresses."""
    everything = sorted(parts, key=lambda part: part.order)
    ordered = [part for part in everything if part.canary is None]
    items: list[Item] = []
    locations: dict[str, list[Location]] = {}
    roots: dict[str, Location] = {}
    for part in ordered:
        for host, root in _roots(part):
            before = roots.setdefault(host, root)
            # The server of a host was its first Ingress's in nginx; the text of the API asks for a default backend.
            if (host == ANY or part.nginx is None) and before.backend is None and root.backend is not None:
                roots[host] = root
        for host, location in _locations(part):
            _place(locations.setdefault(host, []), location, items)
    for part in everything:
        for host, location in _locations(part) if part.canary is not None else ():
            if not _shares_root(roots, locations, host, location):
                _share(locations.get(host, []), location, items)
    certificates = _certificates(ordered, items)
    lost, aliases = _lost(ordered), _aliases(ordered)
    named = [
        replace(_host(name, locations.get(name, []), roots[name], certificates), closed=lost.get(name, ()))
        for name in sorted({*roots, *locations})
    ]
    return HostsRead(
        hosts=(*named, *_further(named, aliases, certificates)),
        certificates=certificates,
        items=tuple(items),
    )


def _lost(parts: Iterable[IngressPart]) -> dict[str, tuple[str, ...]]:
    """Return what of hosts as a whole protected them and is lost, also of Ingresses whose paths are all others'."""
    lost: dict[str, tuple[str, ...]] = {}
    for part in parts:
        said = tuple(f"{part.source.name}: {path}" for path in part.closing_hosts)
        # A server was protected by who had a rule for it.
        for host in dict.fromkeys(rule.host.lower() for rule in part.ingress.spec.rules) if said else ():
            lost[host] = (*lost.get(host, ()), *said)
    return lost


def server_order(name: str) -> str:
    """Return what ingress-nginx sorted a host by: of two with one further name the first has it. `_` was every host."""
    return name or "_"


def _aliases(parts: Iterable[IngressPart]) -> dict[str, tuple[str, ...]]:
    """Return the further names of hosts: those of the first Ingress of a host that has some."""
    aliases: dict[str, tuple[str, ...]] = {}
    for part in parts:
        says_some = part.nginx is not None and part.nginx.words("server-alias")
        for rule in part.ingress.spec.rules if says_some else ():
            aliases.setdefault(rule.host.lower(), part.aliases)
    return aliases


def _further(
    named: list[IngressHost], aliases: dict[str, tuple[str, ...]], certificates: dict[HTTPS, tuple[str, IngressPart]]
) -> Iterator[IngressHost]:
    """Yield the hosts under their further names, which no rule has."""
    known = frozenset(host.name for host in named)
    further: dict[str, IngressHost] = {}
    for whole in sorted(named, key=lambda each: server_order(each.name)):
        for alias in aliases.get(whole.name, ()):
            if alias not in known:
                further.setdefault(alias, _alias(alias, whole, certificates))
    yield from (each for _, each in sorted(further.items()))


def _alias(name: str, host: IngressHost, certificates: dict[HTTPS, tuple[str, IngressPart]]) -> IngressHost:
    """Return a host under another name."""
    return replace(host, name=name, secured=secured(name, certificates), is_alias=True)


def _shares_root(roots: dict[str, Location], locations: dict[str, list[Location]], host: str, rival: Location) -> bool:
    """Have a canary of `/` share what no other path is for, where that leads to a Service; return whether it does."""
    root = roots.get(host)
    if root is None or root.backend is None or root.rival is not None or (rival.path, rival.exact) != ("/", False):
        return False
    if any((each.path, each.exact) == ("/", False) for each in locations.get(host, ())):
        return False
    roots[host] = replace(root, rival=rival)
    return True


def _share(locations: list[Location], rival: Location, items: list[Item]) -> None:
    """Have a canary share the path that it has in common with another Ingress."""
    for at, location in enumerate(locations):
        if (location.path, location.exact) == (rival.path, rival.exact) and location.rival is None:
            locations[at] = replace(location, rival=rival)
            return
    message = "no other Ingress has this path, or another canary shares it: it had no effect"
    items.append(Item.of(rival.part.source, Fate(path=rival.field, fidelity=Fidelity.EXACT, message=message)))


def _host(
    name: str, locations: list[Location], root: Location, certificates: dict[HTTPS, tuple[str, IngressPart]]
) -> IngressHost:
    """Put a host together: its paths, the longest first, as nginx tries expressions."""
    # A server of nginx begins with it: of two expressions of one length the first counts.
    own = [each for each in locations if each.path == "/" and not each.exact]
    all_of_it = [*(own or [root]), *(each for each in locations if each not in own)]
    ordered = sorted(sorted(all_of_it, key=lambda each: each.path, reverse=True), key=lambda each: -len(each.path))
    lent = tuple(sorted(at for at in certificates if _lends(name, at, all_of_it)))
    return IngressHost(name=name, locations=tuple(ordered), secured=secured(name, certificates) or lent)


def secured(name: str, certificates: Iterable[HTTPS]) -> tuple[HTTPS, ...]:
    """Return the listeners of a host: its own ones, else those of the wildcard that covers it, whoever has it."""
    own = tuple(sorted(at for at in certificates if at.hostname == name))
    return own or tuple(sorted(at for at in certificates if at.hostname and _covers(at.hostname, name)))


def _lends(name: str, at: HTTPS, locations: list[Location]) -> bool:
    """Return whether the rules of every host are for a listener of a host that has no rules of its own."""
    if name != ANY:
        return False
    return any(at.hostname in tls.hosts for each in locations for tls in each.part.ingress.spec.tls)


def _roots(part: IngressPart) -> Iterator[tuple[str, Location]]:
    """Yield what requests get that no path of a host is for."""
    spec = part.ingress.spec
    for at, rule in enumerate(spec.rules):
        if not rule.host and part.nginx is not None:
            # The server for every host was there before all Ingresses: a default backend beside rules was not its own.
            root = Location(part=_resting(part), path="/", exact=False, backend=None, field=f"spec.rules[{at}]")
            yield ANY, root
            continue
        field = "spec.defaultBackend" if spec.default_backend is not None else f"spec.rules[{at}]"
        yield rule.host.lower(), Location(part=part, path="/", exact=False, backend=spec.default_backend, field=field)
    if not spec.rules and spec.default_backend is not None:
        rest = _resting(part)
        yield ANY, Location(part=rest, path="/", exact=False, backend=spec.default_backend, field="spec.defaultBackend")


def _resting(part: IngressPart) -> IngressPart:
    """Return an Ingress as it is for the rest of all hosts, where nginx neither redirected nor rewrote."""
    if part.nginx is None:
        return part
    kept = {name: text for name, text in part.nginx.values.items() if name != "rewrite-target"}
    effect, _ = effects(replace(part.nginx, values=kept))
    return replace(part, rewriting=Rewriting(), redirecting=Redirecting(), away=SERVED, effect=effect)


def _locations(part: IngressPart) -> Iterator[tuple[str, Location]]:
    for at, rule in enumerate(part.ingress.spec.rules):
        for number, path in enumerate(rule.http.paths):
            yield (
                rule.host.lower(),
                Location(
                    part=part,
                    path=path.path or "/",
                    exact=path.path_type == "Exact",
                    backend=path.backend,
                    field=f"spec.rules[{at}].http.paths[{number}]",
                ),
            )


def _place(locations: list[Location], location: Location, items: list[Item]) -> None:
    """Add a path to its host unless an older Ingress has it, or it leads to no Service of ingress-nginx."""
    source = location.part.source
    for other in locations:
        if (other.path, other.exact) == (location.path, location.exact):
            message = f"{other.part.source.name} has this path already, and is served, as before"
            items.append(Item.of(source, Fate(path=location.field, fidelity=Fidelity.EXACT, message=message)))
            return
    locations.append(location)


def _certificates(ordered: list[IngressPart], items: list[Item]) -> dict[HTTPS, tuple[str, IngressPart]]:
    """Return the Secret of each listener; of a host that several Ingresses have a certificate for, the first one's."""
    taken: dict[str, HTTPS] = {}
    certificates: dict[HTTPS, tuple[str, IngressPart]] = {}
    for part in ordered:
        for at, tls in enumerate(part.ingress.spec.tls):
            for host in _tls_hosts(part, tls):
                where = HTTPS(part.source.key.namespace, host)
                if not tls.secret_name:
                    message = (
                        f"{host or 'any host'}: HTTPS with the controller's own certificate, which there is none of"
                    )
                    items.append(
                        Item.of(
                            part.source,
                            Fate(path=f"spec.tls[{at}].secretName", fidelity=Fidelity.LOST, message=message),
                        )
                    )
                elif host not in taken:
                    taken[host] = where
                    certificates[where] = (tls.secret_name, part)
    return certificates


def _tls_hosts(part: IngressPart, tls: WrittenTLS) -> Iterator[str]:
    """Yield the hosts that an entry of `tls` is for: those it names or covers; one without hosts is for all."""
    ruled = tuple(dict.fromkeys((*(rule.host.lower() for rule in part.ingress.spec.rules), *part.aliases)))
    listed = tuple(host.lower() for host in tls.hosts)
    if not listed:
        yield from ruled
        return
    for host in ruled:
        if host in listed or (host and any(_covers(each, host) for each in listed)):
            yield host
    if ANY in ruled:
        yield from (host for host in listed if host not in ruled)


def _covers(wildcard: str, host: str) -> bool:
    """Return whether a certificate's wildcard is for a host: it stands for one label."""
    return wildcard.startswith("*.") and host.partition(".")[2] == wildcard.removeprefix("*.")
