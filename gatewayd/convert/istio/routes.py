"""VirtualServices as HTTPRoutes, at the servers that they are bound to.

Of all rules of a host the first that fits counts; in an HTTPRoute the most special: `first_match` puts the one into the
other. A host has no rules but its own, so that what none of them is for must not go to those of a wildcard.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from gatewayd.convert.answers import NOBODY, TO_HTTPS, closed
from gatewayd.convert.draft import JSON, Carrier, DraftRoute, DraftRule, PlainHTTP, StreamPort, host_word
from gatewayd.convert.fates import Fate, Fidelity
from gatewayd.convert.first_match import Ordered, PlacedMatch, in_order
from gatewayd.convert.istio.bindings import Binding
from gatewayd.convert.istio.matches import IstioMatch
from gatewayd.convert.istio.rules import IstioRule
from gatewayd.convert.matching import EVERYTHING, written
from gatewayd.convert.read_source import ReadSource
from gatewayd.translator.hostnames import ANY, covers

_TO_HTTPS: Final = (DraftRule(title="root", matches=({},), filters=TO_HTTPS),)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuledHosts:
    """A VirtualService with its rules, and where it is bound to."""

    owner: ReadSource
    rules: tuple[IstioRule, ...]
    bindings: tuple[Binding, ...]


class HostPlace(NamedTuple):
    """A hostname, by HTTPS or by HTTP."""

    secured: bool
    hostname: str


class _Own(NamedTuple):
    """A VirtualService at a place, with the rules that it has there."""

    owner: ReadSource
    rules: tuple[DraftRule, ...]
    carriers: tuple[Carrier, ...]


class _Rank(NamedTuple):
    """A rule and one of its matches, at the servers where it counts."""

    at: Sequence[Binding]
    rule: IstioRule
    match: IstioMatch


def virtual_service_routes(
    ruled: Sequence[RuledHosts], walls: Sequence[str], *, open_all: bool
) -> Iterator[DraftRoute]:
    """Yield the routes of all VirtualServices; `walls` are objects that have kept clients out, and are lost."""
    places: dict[HostPlace, list[tuple[RuledHosts, Binding]]] = {}
    for each in ruled:
        for at in each.bindings:
            secured = not isinstance(at.server.carrier, PlainHTTP)
            places.setdefault(HostPlace(secured, at.hostname), []).append((each, at))
    by_owner: dict[str, tuple[ReadSource, dict[HostPlace, _Own]]] = {}
    for place, bound in places.items():
        is_walled = any(_is_around(other, place) for other in places)
        for own in _at_place(bound, () if open_all else walls, is_walled=is_walled, open_all=open_all):
            by_owner.setdefault(own.owner.source.name, (own.owner, {}))[1][place] = own
    for owner, owned in by_owner.values():
        yield from _routes(owner, owned)


def _is_around(other: HostPlace, place: HostPlace) -> bool:
    """Return whether rules of another place are for requests that no rule of a place is for."""
    is_other = other.hostname != place.hostname and other.secured == place.secured
    return is_other and covers(other.hostname, place.hostname)


def _at_place(
    bound: Sequence[tuple[RuledHosts, Binding]], walls: Sequence[str], *, is_walled: bool, open_all: bool
) -> Iterator[_Own]:
    """Yield the rules of each VirtualService at a place."""
    carriers: dict[str, dict[Carrier, None]] = {}
    owners: dict[str, ReadSource] = {}
    for each, at in bound:
        owners[each.owner.source.name] = each.owner
        if not isinstance(at.server.carrier, StreamPort):
            carriers.setdefault(each.owner.source.name, {})[at.server.carrier] = None
    if any(at.server.redirects for _, at in bound):
        name, owner = next(iter(owners.items()))
        yield _Own(owner, _TO_HTTPS, tuple(carriers[name]))
        return
    ranks = tuple(_ranks(bound))
    numbers = {id(rule): number for number, rule in enumerate(_rules(ranks))}
    ordered = in_order([PlacedMatch(each.match.match, numbers[id(each.rule)], at) for at, each in enumerate(ranks)])
    _tell(ranks, ordered)
    rules = _drafted(ranks, ordered, walls, open_all=open_all)
    has_rest = any(each.match == EVERYTHING for each in ordered.matches)
    for number, (name, owner) in enumerate(owners.items()):
        wall = (NOBODY,) if is_walled and not has_rest and number == len(owners) - 1 else ()
        own = (*rules.get(name, ()), *wall)
        if own:
            yield _Own(owner, own, tuple(carriers[name]))


def _ranks(bound: Sequence[tuple[RuledHosts, Binding]]) -> Iterator[_Rank]:
    """Yield the matches that count, each once, in the order in which Istio asks them."""
    at: dict[str, list[Binding]] = {}
    for each, binding in bound:
        at.setdefault(each.owner.source.name, []).append(binding)
    for each in {each.owner.source.name: each for each, _ in bound}.values():
        for rule in each.rules:
            for match in rule.matches:
                bindings = [own for own in at[each.owner.source.name] if own.has(match, each.owner.key.namespace)]
                if bindings:
                    yield _Rank(bindings, rule, match)


def _rules(ranks: Sequence[_Rank]) -> tuple[IstioRule, ...]:
    """Return the rules that count, in their order."""
    return tuple({id(each.rule): each.rule for each in ranks}.values())


def _drafted(
    ranks: Sequence[_Rank], ordered: Ordered, walls: Sequence[str], *, open_all: bool
) -> Mapping[str, list[DraftRule]]:
    """Return the rules by the VirtualService that they are of; what a delegate does is done for who leads to it."""
    grouped: dict[tuple[int, str, str], tuple[str, DraftRule, list[JSON]]] = {}
    for placed in sorted(ordered.matches, key=lambda each: (each.of, each.number)):
        at, rule, match = ranks[placed.number]
        lost = () if open_all else (*walls, *(path for each in at for path in each.server.closed), *rule.closed)
        if lost:
            _close(rule, lost)
        drafted = rule.placed(match, placed.match, is_open=not lost)
        for each in written(placed.match):
            # A rule that replaces a prefix has one match: https://gateway-api.sigs.k8s.io/reference/spec/#httppathmodifier
            alone = repr(each) if _replaces_prefix(drafted) else ""
            key = (placed.of, repr((drafted.filters, drafted.own_filter)), alone)
            grouped.setdefault(key, (rule.root.source.name, drafted, []))[2].append(each)
    rules: dict[str, list[DraftRule]] = {}
    for name, drafted, matches in grouped.values():
        rules.setdefault(name, []).append(replace(drafted, matches=tuple(matches)))
    return rules


def _replaces_prefix(rule: DraftRule) -> bool:
    return any("replacePrefixMatch" in each.get("urlRewrite", {}).get("path", {}) for each in rule.filters)


def _routes(owner: ReadSource, owned: Mapping[HostPlace, _Own]) -> Iterator[DraftRoute]:
    """Yield the routes of a VirtualService: places at which its rules are the same share one."""
    alike: dict[tuple[str, bool, bool, bool], tuple[dict[str, None], dict[Carrier, None], tuple[DraftRule, ...]]] = {}
    for place, own in owned.items():
        twin = owned.get(HostPlace(not place.secured, place.hostname))
        same = twin is not None and twin.rules == own.rules
        key = (repr(own.rules), place.hostname == ANY, place.secured or same, not place.secured or same)
        hostnames, carriers, _ = alike.setdefault(key, ({}, {}, own.rules))
        hostnames[place.hostname] = None
        carriers.update(dict.fromkeys(own.carriers))
    taken: dict[str, int] = {}
    for hostnames, carriers, rules in alike.values():
        name = f"{owner.key.name}{'-to-https' if rules is _TO_HTTPS else ''}"
        taken[name] = number = taken.get(name, 0) + 1
        yield DraftRoute(
            namespace=owner.key.namespace,
            name=name if number == 1 else f"{name}-{host_word(next(iter(hostnames)))}",
            hostnames=tuple(each for each in hostnames if each != ANY),
            carriers=tuple(carriers),
            rules=rules,
            origins=(owner.source.name,),
        )


def _close(rule: IstioRule, lost: Sequence[str]) -> None:
    rule.owner.fates.append(closed(rule.written.path, lost))


def _tell(ranks: Sequence[_Rank], ordered: Ordered) -> None:
    """Say which rules got no request, and which go before others that went before them."""
    kept = {id(ranks[each.number].rule) for each in ordered.matches}
    for rule in (each for each in _rules(ranks) if id(each) not in kept):
        message = "rules before it take all of its requests; it is not written"
        rule.owner.fates.append(Fate(path=rule.written.path, fidelity=Fidelity.EXACT, message=message))
    rules = _rules(ranks)
    for first, later in ordered.unordered:
        before, after = rules[first], rules[later]
        message = f"{after.written.path} gets the requests that both are for, since it has the whole path"
        before.owner.fates.append(Fate(path=before.written.path, fidelity=Fidelity.LOST, message=message))
