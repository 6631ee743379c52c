"""The routes of a host of Contour as HTTPRoutes, in the namespaces of the HTTPProxies that have them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from gatewayd.api.meta import ObjectKey
from gatewayd.convert.answers import CLOSED, ERRORS, NOBODY, TO_HTTPS, answering, closed
from gatewayd.convert.conditions import PrefixForm, at_one_label
from gatewayd.convert.contour.access import access
from gatewayd.convert.contour.backends import ServiceSettings, backends
from gatewayd.convert.contour.conditions import ContourMatch, contour_match
from gatewayd.convert.contour.hosts import ContourHost, allows_http
from gatewayd.convert.contour.passage import answer, cors, headers, passage, redirect, rewrite, times
from gatewayd.convert.contour.tree import IncludedRoute
from gatewayd.convert.draft import JSON, Carrier, DraftRoute, DraftRule, PlainHTTP, path_word
from gatewayd.convert.fates import Fate, Fidelity
from gatewayd.convert.fields import Fields
from gatewayd.convert.first_match import PlacedMatch, in_order
from gatewayd.convert.matching import as_expression, common, written
from gatewayd.convert.read_source import ReadSource
from gatewayd.translator.hostnames import covers

_MOST_COMPARED: Final = 64
"""Of routes that are as special as each other; all pairs of a long list would take for ever."""
_UNHAD: Final = {
    "cookieRewritePolicies": "cookies of backends stay as they are",
    "internalRedirectPolicy": "redirects of backends go to clients",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RuledRoute:
    """A route with the rule that it becomes, and the requests that it is for."""

    route: IncludedRoute
    match: ContourMatch
    rule: DraftRule


def ruled_routes(
    host: ContourHost,
    routes: Sequence[IncludedRoute],
    settings: ServiceSettings,
    extensions: Mapping[ObjectKey, ReadSource],
) -> tuple[RuledRoute, ...]:
    """Read the routes of a host, and return them in Contour's order, by matches that have it too.

    A prefix that keeps somebody out is an expression, since it goes by letters; and that goes before all prefixes. So
    where a host has one, its other prefixes are expressions as well, and the first that fits is made the longest.
    """
    refusing = [_is_refusal(route) for route in routes]
    other = PrefixForm.SEGMENTS if any(refusing) else PrefixForm.PATH_PREFIX
    forms = (PrefixForm.LETTERS if is_refusal else other for is_refusal in refusing)
    ruled = [_ruled_route(host, route, form, settings, extensions) for route, form in zip(routes, forms, strict=True)]
    if not any(refusing):
        return tuple(ruled)
    first = sorted(ruled, key=lambda each: each.match.special, reverse=True)
    matches: dict[int, list[JSON]] = {}
    for placed in in_order([PlacedMatch(each.match.match, at) for at, each in enumerate(first)]).matches:
        matches.setdefault(placed.of, []).extend(written(placed.match))
    return tuple(
        replace(each, rule=replace(each.rule, matches=at_one_label(tuple(matches[at]), host.name)))
        for at, each in enumerate(first)
        if at in matches
    )


def _is_refusal(route: IncludedRoute) -> bool:
    """Say whether a route answers an error for all paths that begin with something more than a slash."""
    said = route.written.one("directResponsePolicy")
    whole = any("exact" in each or "regex" in each for each in route.conditions)
    prefix = "".join(each.text("prefix") for each in route.conditions).strip("/")
    return bool(said) and said.number("statusCode") >= ERRORS and not whole and bool(prefix)


def _ruled_route(
    host: ContourHost,
    route: IncludedRoute,
    form: PrefixForm,
    settings: ServiceSettings,
    extensions: Mapping[ObjectKey, ReadSource],
) -> RuledRoute:
    """Read a route whole, and return the rule that it becomes where nothing is lost that protects."""
    fields = route.written
    fields.ignore("enableWebsockets", "permitInsecure")
    fields.lost_if_written(_UNHAD)
    sent, said = fields.one("requestRedirectPolicy"), fields.one("directResponsePolicy")
    match = contour_match(route.conditions, form)
    virtualhost = host.root.spec.one("virtualhost")
    refs, copies = backends(route.owner, fields, settings)
    filters, own_filter = _changes(fields, match)
    if sent:
        filters, refs = (redirect(sent),), ()
    elif said:
        filters, refs, own_filter = (), (), answer(said)
    rule = DraftRule(
        title=path_word(as_expression(match.match.path).removesuffix("(/.*)?")),
        matches=at_one_label(written(match.match), host.name),
        filters=(*filters, *(() if sent or said else (*copies, *cors(virtualhost.one("corsPolicy"))))),
        backends=refs,
        more=times(fields) if refs else {},
        access=access(host.root, route, extensions),
        passage=passage(fields, virtualhost),
        own_filter=own_filter,
    )
    return RuledRoute(route=route, match=match, rule=rule)


def tell_equals(ruled: Sequence[RuledRoute]) -> None:
    """Say of which routes nobody knows who goes first: both are for the same requests, and as special as each other."""
    alike: dict[tuple[int, ...], list[RuledRoute]] = {}
    for each in ruled:
        equals = alike.setdefault(each.match.special, [])
        rivals = (other for other in equals[:_MOST_COMPARED] if common(other.match.match, each.match.match).match)
        rival = next(rivals, None)
        if rival is not None:
            place = f"{rival.route.owner.source.name}: {rival.route.written.path}"
            message = (
                f"{place} is for some of the same requests and as special; here the one that is written first gets them"
            )
            fate = Fate(path=each.route.written.path, fidelity=Fidelity.APPROXIMATE, message=message)
            each.route.owner.fates.append(fate)
        equals.append(each)


def _changes(fields: Fields, match: ContourMatch) -> tuple[tuple[JSON, ...], JSON]:
    rewritten, own_filter = rewrite(fields, match)
    return (*rewritten, *headers(fields)), own_filter


def host_routes(
    host: ContourHost, ruled: Sequence[RuledRoute], names: Sequence[str], walls: Sequence[str], *, open_all: bool
) -> Iterator[DraftRoute]:
    """Yield the routes of a host: for each HTTPProxy those by HTTPS, those by both, and those that send to HTTPS.

    `walls` are what protected all hosts and is lost.
    """
    groups: dict[tuple[str, str], tuple[ReadSource, tuple[Carrier, ...], list[DraftRule]]] = {}
    for each in ruled:
        owner = each.route.owner
        lost = () if open_all else (*each.route.closed, *walls)
        rule = _closed(each, lost) if lost else each.rule
        plain = not host.is_secured or allows_http(each.route.written)
        carriers: tuple[Carrier, ...] = (
            *((host.at,) if host.at is not None else ()),
            *((PlainHTTP(),) if plain else ()),
        )
        suffix = "-by-http" if plain and host.is_secured else ""
        if carriers:
            groups.setdefault((owner.source.name, suffix), (owner, carriers, []))[2].append(rule)
        if not plain:
            sending = replace(DraftRule(title=rule.title, matches=rule.matches), filters=TO_HTTPS)
            groups.setdefault((owner.source.name, "-to-https"), (owner, (PlainHTTP(),), []))[2].append(sending)
    for (_, suffix), (owner, carriers, rules) in groups.items():
        prefix = "" if owner is host.root else f"{host.root.key.name}-"
        yield DraftRoute(
            namespace=owner.key.namespace,
            name=f"{prefix}{owner.key.name}{suffix}",
            hostnames=(host.name,),
            carriers=carriers,
            rules=tuple(rules),
            origins=(owner.source.name,),
        )

    around = any(name != host.name and covers(name, host.name) for name in names)
    if groups and around and all(each.rule.matches != ({},) for each in ruled):
        yield _nobody(host)


def _nobody(host: ContourHost) -> DraftRoute:
    """Return the route for what no route of a host is for: it must not go to those of a wildcard."""
    return DraftRoute(
        namespace=host.root.key.namespace,
        name=f"{host.root.key.name}-nobody",
        hostnames=(host.name,),
        carriers=(*((host.at,) if host.at is not None else ()), PlainHTTP()),
        rules=(NOBODY,),
        origins=(host.root.source.name,),
    )


def _closed(each: RuledRoute, lost: Sequence[str]) -> DraftRule:
    owner, path = each.route.owner, each.route.written.path
    owner.fates.append(closed(path, lost))
    return answering(each.rule.title, each.rule.matches, CLOSED)
