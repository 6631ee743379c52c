"""The listeners of a Gateway, judged against each other: which of them have their port and hostname.

There may be thousands, so nothing reads them all to say something of one: a listener is judged against those of its
own hostname, and a host finds its listener by name.
https://gateway-api.sigs.k8s.io/reference/spec/#gatewayspec (listeners: "Distinct Listeners"), #listenerset
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby
from typing import Any

from gatewayd.api.gateway import Gateway
from gatewayd.api.listenerset import ListenerSet
from gatewayd.api.meta import ObjectKey
from gatewayd.incremental.view import Attempt, Member, View, query, rescued_query
from gatewayd.ir.outcome import Verdict
from gatewayd.translator import verdicts
from gatewayd.translator.gateways.listeners import (
    LISTENERS_BY_HOSTNAME,
    LISTENERS_BY_PORT,
    SETS_BY_GATEWAY,
    MergedListener,
    Order,
    PortFamily,
    PortHostname,
    PortKey,
    Within,
    written,
)
from gatewayd.translator.hostnames import ANY, broader
from gatewayd.translator.rescues import blame


@dataclass(frozen=True, slots=True, kw_only=True)
class Contest:
    """What came of listeners that may be in each other's way, and who has each hostname now."""

    judged: Mapping[Order, MergedListener]
    winners: Mapping[str, MergedListener]


_ALL_HOSTNAMES = ""
"""Stands for a hostname where all listeners of a port are one contest."""


def _at(place: PortHostname) -> Within:
    return Within(place.port, ANY, place.hostname)


def _undecided(view: View, place: PortHostname, error: Exception, _before: Contest | None) -> Contest:
    """Let nobody have what gatewayd cannot decide about, and say so on all who want it."""
    wanting = [each for member in _members(view, place) for each in _standing(view, place, member)]
    judged = {each.order: replace(each, accepted=verdicts.invalid(blame(each.path, error))) for each in wanting}
    return Contest(judged=judged, winners={})


@rescued_query(_undecided)
def contest(view: View, place: PortHostname) -> Contest:
    """Judge the listeners of one hostname of a port, or all of the port, against each other."""
    return _contest(view, place, _members(view, place))


def _members(view: View, place: PortHostname) -> Iterable[Member]:
    if place.hostname != _ALL_HOSTNAMES:
        return view.bucket(LISTENERS_BY_HOSTNAME, _at(place))
    families = port_families(view, place.port)
    return {member for each in families for member in view.bucket(LISTENERS_BY_PORT, each)}


def _contest(view: View, place: PortHostname, members: Iterable[Member]) -> Contest:
    contestants = (each for member in members for each in _standing(view, place, member))
    taken = _Taken()
    judged: dict[Order, MergedListener] = {}
    for _, layer in groupby(sorted(contestants, key=_order), key=_object):
        judged.update((each.order, each) for each in taken.admit(tuple(layer)))
    return Contest(judged=judged, winners=taken.by_hostname)


def _standing(view: View, place: PortHostname, member: Member) -> list[MergedListener]:
    """Return the listeners of an object that are in the contest; none of one that gatewayd fails on."""
    listeners = view.attempt(Attempt("listeners in a contest", member), partial(written, view, member), _none)
    return [each for each in listeners if _stands(each, place)]


def _none(_error: Exception) -> tuple[MergedListener, ...]:
    return ()


def _object(listener: MergedListener) -> tuple[str, ObjectKey]:
    return (listener.key.owner, listener.key.object)


def _order(listener: MergedListener) -> Order:
    return listener.order


def _stands(listener: MergedListener, place: PortHostname) -> bool:
    return (
        listener.valid
        and listener.protocol is not None
        and (listener.port, listener.protocol.transport) == (place.port.port, place.port.transport)
        and place.hostname in (listener.hostname, _ALL_HOSTNAMES)
    )


@query
def port_families(view: View, port: PortKey) -> tuple[PortFamily, ...]:
    """Return the families of protocols that listeners of a port ask for: more than one is a conflict."""
    return tuple(each for each in view.group(LISTENERS_BY_PORT, port.gateway) if each.port == port)


def _contest_at(view: View, place: PortHostname) -> Contest:
    """Return the contest that decides who has a hostname: that of the hostname, where nothing else tells apart."""
    families = port_families(view, place.port)
    if len(families) > 1 or not all(each.by_hostname for each in families):
        return contest(view, PortHostname(place.port, _ALL_HOSTNAMES))
    # Most hostnames are one object's: what is as quickly done as remembered is not kept.
    members = view.bucket(LISTENERS_BY_HOSTNAME, _at(place))
    return contest(view, place) if len(members) > 1 else _contest(view, place, members)


@query
def own_listeners(view: View, member: Member) -> tuple[MergedListener, ...]:
    """Return the listeners of a Gateway or ListenerSet in their order, judged against all others of the Gateway."""
    return tuple(_judged_at(view, each) for each in written(view, member))


def _judged_at(view: View, listener: MergedListener) -> MergedListener:
    if listener.protocol is None or not listener.valid:
        return listener
    place = PortHostname(PortKey(listener.gateway, listener.protocol.transport, listener.port), listener.hostname)
    return _contest_at(view, place).judged.get(listener.order, listener)


@query
def listeners(view: View, gateway: ObjectKey) -> tuple[MergedListener, ...]:
    """Return the listeners of a Gateway of ours in the order of merging; none when it is not ours."""
    sets = (Member(ListenerSet, each.key) for each in view.group(SETS_BY_GATEWAY, gateway))
    of_sets = (
        each
        for member in sets
        for each in view.attempt(Attempt("listeners of a set", member), partial(own_listeners, view, member), _none)
    )
    return (*own_listeners(view, Member(Gateway, gateway)), *of_sets)


def _nobody(_view: View, _key: Any, _error: Exception, _before: MergedListener | None) -> MergedListener | None:
    """Leave a hostname to those that cover it."""
    return None


@rescued_query(_nobody)
def winner(view: View, key: Within) -> MergedListener | None:
    """Return the valid listener that has a hostname of a port; None when conflicts leave none."""
    return _contest_at(view, PortHostname(key.port, key.hostname)).winners.get(key.hostname)


def listener_at(view: View, place: PortHostname) -> MergedListener | None:
    """Return the valid listener that has a hostname of a port, None for none."""
    key = _at(place)
    # Counted first: most hostnames are no listener's, and a count costs less than an answer that is kept.
    return winner(view, key) if view.count(LISTENERS_BY_HOSTNAME, key) else None


def owner(view: View, port: PortKey, domain: str) -> MergedListener | None:
    """Return the valid listener of a port that a host belongs to: the most specific one that covers it."""
    if not domain.startswith(ANY):
        listener = listener_at(view, PortHostname(port, domain))
        if listener is not None:
            return listener
        domain = broader(domain)[1]
    return _owner_of_wildcard(view, PortHostname(port, domain))


@rescued_query(_nobody)
def _owner_of_wildcard(view: View, place: PortHostname) -> MergedListener | None:
    """Kept, since most hosts of a port have it in common with many others."""
    owners = (listener_at(view, PortHostname(place.port, hostname)) for hostname in broader(place.hostname))
    return next((each for each in owners if each is not None), None)


def listeners_within(view: View, place: PortHostname) -> tuple[MergedListener, ...]:
    """Return the valid listeners of a port whose hostnames a wildcard covers, itself left out, by hostname.

    "*" covers all, and is not left out.
    """
    return tuple(each for each in view.collect(LISTENERS_BY_HOSTNAME, place, winner) if each is not None)


@query
def port_listeners(view: View, port: PortKey) -> tuple[MergedListener, ...]:
    """Return the valid listeners of one port, by hostname."""
    return listeners_within(view, PortHostname(port, ANY))


class _Taken:
    """What earlier objects have of a port: their listeners by hostname.

    An object's listeners are first judged against these: earlier objects win. What is left of them is judged against
    each other: within one object nobody wins, all indistinct listeners are conflicted.
    https://gateway-api.sigs.k8s.io/reference/spec/#gatewayspec (listeners: "Distinct Listeners"), #listenerset
    """

    def __init__(self) -> None:
        self.by_hostname: dict[str, MergedListener] = {}

    def admit(self, layer: tuple[MergedListener, ...]) -> list[MergedListener]:
        """Return one object's listeners, the conflicted ones marked; the others have their places from now on."""
        against_others = [_judged(each, self._rival(each)) for each in layer]
        own = [each for each in against_others if each.valid]
        judged = [
            _judged(each, next((other for other in own if other is not each and _conflict(each, other)), None))
            for each in against_others
        ]
        self.by_hostname.update((each.hostname, each) for each in judged if each.valid)
        return judged

    def _rival(self, listener: MergedListener) -> MergedListener | None:
        """Return an earlier listener that this one conflicts with; those of a port are all of one family."""
        candidates = (self.by_hostname.get(listener.hostname), next(iter(self.by_hostname.values()), None))
        return next((other for other in candidates if other is not None and _conflict(listener, other)), None)


def _judged(listener: MergedListener, rival: MergedListener | None) -> MergedListener:
    verdict = _conflict(listener, rival) if rival is not None else None
    if verdict is None:
        return listener
    message = f"{listener.path}: {verdict.message}"
    return replace(
        listener,
        accepted=verdicts.not_accepted(verdict.reason, message),
        conflict=verdicts.conflicted(verdict.reason, message),
    )


def _conflict(listener: MergedListener, rival: MergedListener) -> Verdict | None:
    one, other = listener.protocol, rival.protocol
    if not (listener.valid and rival.valid and one and other):
        return None
    if listener.port != rival.port or one.transport != other.transport:
        return None
    if one.family != other.family:
        message = f"{one.name} and {other.name} (listener {rival.key.section!r}) cannot share port {listener.port}"
        return verdicts.protocol_conflict(message)
    if not one.by_hostname:
        message = f"listener {rival.key.section!r} has {other.name} port {listener.port} already; one listener a port"
        return verdicts.protocol_conflict(message)
    if listener.hostname == rival.hostname:
        shown = "no hostname" if listener.hostname == ANY else f"hostname {listener.hostname!r}"
        message = f"listener {rival.key.section!r} has port {listener.port} with {shown} too; each must differ"
        return verdicts.hostname_conflict(message)
    return None
