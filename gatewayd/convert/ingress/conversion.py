"""Ingresses in; a draft of Gateway API objects, and what becomes of each field, out.

A path that has lost a protection answers 403 unless it is asked for otherwise; one bad Ingress stops no other.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, count, groupby
from typing import Final, NamedTuple

from gatewayd.convert.draft import (
    HTTPS,
    Carrier,
    Draft,
    Drafted,
    DraftListener,
    DraftRoute,
    DraftRule,
    PlainHTTP,
    host_word,
)
from gatewayd.convert.fates import Fate, Fidelity, Item
from gatewayd.convert.ingress.backends import backend_policies, grants, tls_policies
from gatewayd.convert.ingress.classes import IngressClasses
from gatewayd.convert.ingress.host_names import with_good_hosts
from gatewayd.convert.ingress.hosts import ANY, HostsRead, hosts, secured
from gatewayd.convert.ingress.old_forms import in_v1_form
from gatewayd.convert.ingress.other_controllers import other_fates
from gatewayd.convert.ingress.parts import IngressHost, IngressPart
from gatewayd.convert.ingress.rules import (
    Setting,
    app_root_rules,
    https_rules,
    location_rules,
)
from gatewayd.convert.ingress.settings import ControllerSettings, controller_settings
from gatewayd.convert.ingress.shapes import WrittenIngress, WrittenIngressClass
from gatewayd.convert.services import Services, route_grants
from gatewayd.convert.source import NoSource, SourceObject, read
from gatewayd.translator.hostnames import broader
from gatewayd.translator.nginx.aliases import aliases
from gatewayd.translator.nginx.annotations import AnnotationEffect, NginxAnnotations
from gatewayd.translator.nginx.canaries import canary, canary_fates
from gatewayd.translator.nginx.destinations import destination, www_twin
from gatewayd.translator.nginx.known import OF_HOSTS, effects
from gatewayd.translator.nginx.paths import Rewriting, rewriting
from gatewayd.translator.nginx.redirects import Redirecting, redirecting

GROUPS: Final = ("networking.k8s.io", "extensions")


class _Carried(NamedTuple):
    """Rules of one Ingress for one host, and who carries them; `suffix` tells routes of an Ingress apart."""

    part: IngressPart
    host: str
    suffix: str
    carriers: tuple[Carrier, ...]
    rules: tuple[DraftRule, ...]


def ingress_draft(sources: Sequence[SourceObject], services: Services, *, open_all: bool) -> Drafted:
    """Convert all Ingresses among the sources."""
    parts, told = ingress_parts(sources)
    items = list(told)
    read_hosts = hosts(parts)
    items.extend(read_hosts.items)
    carried: list[_Carried] = []
    names = frozenset(host.name for host in read_hosts.hosts)
    for host in read_hosts.hosts:
        carried.extend(_twins(host, names, read_hosts.certificates))
        setting = Setting(services=services, open_all=open_all, walled=_is_walled(host, names))
        carried.extend(_carried(host, setting, items))
    routes = tuple(_routes(carried))
    listeners = tuple(_listeners(read_hosts, routes))
    policies = backend_policies(parts, items)
    return Drafted(
        Draft(
            routes=routes,
            listeners=listeners,
            objects=(*policies, *tls_policies(parts, items), *grants(parts), *route_grants(routes)),
        ),
        tuple(items),
    )


def ingress_parts(sources: Iterable[SourceObject]) -> tuple[tuple[IngressPart, ...], tuple[Item, ...]]:
    """Return all Ingresses among the sources, and what becomes of their annotations."""
    read_twice = tuple(sources)
    items: list[Item] = []
    classes = IngressClasses(_classes(read_twice, items))
    settings = controller_settings(read_twice, items)
    return tuple(_parts(read_twice, classes, settings, items)), tuple(items)


def _classes(sources: Iterable[SourceObject], items: list[Item]) -> Iterator[WrittenIngressClass]:
    for source in sources:
        if source.group == GROUPS[0] and source.kind == "IngressClass":
            row = read(source, WrittenIngressClass)
            if isinstance(row, NoSource):
                items.extend(_unreadable(source, row))
            else:
                yield row


def _parts(
    sources: Iterable[SourceObject], classes: IngressClasses, settings: ControllerSettings, items: list[Item]
) -> Iterator[IngressPart]:
    for source in sources:
        if source.group in GROUPS and source.kind == "Ingress":
            ingress = read(in_v1_form(source), WrittenIngress)
            if isinstance(ingress, NoSource):
                items.extend(_unreadable(source, ingress))
            else:
                wrong: list[Fate] = []
                part, fates = _part(source, with_good_hosts(ingress, wrong), classes, settings)
                items.extend(Item.of(source, fate) for fate in (*wrong, *fates))
                yield part


def _unreadable(source: SourceObject, why: NoSource) -> Iterator[Item]:
    for problem in why.problems:
        yield Item.of(
            source, Fate(path=problem.path, fidelity=Fidelity.LOST, message=f"{problem.message}; it is left out")
        )


def _part(
    source: SourceObject, ingress: WrittenIngress, classes: IngressClasses, settings: ControllerSettings
) -> tuple[IngressPart, tuple[Fate, ...]]:
    """Return an Ingress with what its annotations do, and what becomes of them."""
    others = () if classes.is_surely_nginx(ingress) else tuple(other_fates(ingress.metadata.annotations))
    if not classes.is_nginx(ingress):
        plain = IngressPart(
            source=source,
            ingress=ingress,
            nginx=None,
            rewriting=Rewriting(),
            redirecting=Redirecting(),
            effect=AnnotationEffect(),
            closed=_lost_protections(others),
        )
        return plain, others
    written = NginxAnnotations.of(source.key.namespace, ingress.metadata.annotations, settings.defaults)
    shared = canary(written)
    effect, own = effects(written) if shared is None else (AnnotationEffect(), tuple(canary_fates(written)))
    fates = (*own, *others)
    closed = (*_lost_protections(fates), *settings.closed(written))
    of_hosts = frozenset(map(written.path, OF_HOSTS))
    part = IngressPart(
        source=source,
        ingress=ingress,
        nginx=written,
        rewriting=rewriting(written),
        redirecting=redirecting(written),
        effect=effect,
        closed=closed,
        closing_hosts=tuple(path for path in closed if path in of_hosts),
        aliases=aliases(written),
        www=written.boolean("from-to-www-redirect"),
        away=destination(written),
        canary=shared,
    )
    return part, fates


def _lost_protections(fates: Iterable[Fate]) -> tuple[str, ...]:
    return tuple(fate.path for fate in fates if fate.opens)


def _is_walled(host: IngressHost, names: frozenset[str]) -> bool:
    """Return whether rules of other hosts would take what no path of a host is for."""
    if host.name == ANY:
        return False
    _, *above, _ = broader(host.name)
    return not names.isdisjoint((ANY, *above))


def _carried(host: IngressHost, setting: Setting, items: list[Item]) -> Iterator[_Carried]:
    """Yield the rules of a host by Ingress: those that serve, and those that send clients to HTTPS."""
    ordered = sorted(host.locations, key=lambda each: (each.part.order, host.redirects(each)))
    all_redirect = all(map(host.redirects, ordered))
    for (part, redirected), group in groupby(ordered, key=lambda each: (each.part, host.redirects(each))):
        locations = tuple(group)
        items.extend(_unredirected(host, part))
        rules: list[DraftRule] = list(app_root_rules(host)) if host.root in locations else []
        for location in locations:
            done = location_rules(host, location, setting)
            rules.extend(done.rules)
            items.extend(done.items)
        carriers: tuple[Carrier, ...] = (*host.secured, *(() if redirected else (PlainHTTP(),)))
        if rules and carriers:
            yield _Carried(part, host.name, "", carriers, tuple(rules))
        sent = (host.root,) if all_redirect else locations
        if redirected and (not all_redirect or host.root.part is part):
            senders = tuple(rule for each in sent for rule in https_rules(host, each))
            yield _Carried(part, host.name, "-to-https", (PlainHTTP(),), senders)


def _twins(host: IngressHost, names: frozenset[str], certificates: Iterable[HTTPS]) -> Iterator[_Carried]:
    """Yield the rule that sends clients from the name with or without `www.`, which no Ingress has rules for."""
    twin = www_twin(host.name)
    wanting = [each.part for each in host.locations if each.part.www and each.is_written]
    if wanting and not host.is_alias and twin and twin not in names:
        redirect = {"hostname": host.name, "statusCode": 308}
        rule = DraftRule(
            title="root", matches=({},), filters=({"type": "RequestRedirect", "requestRedirect": redirect},)
        )
        yield _Carried(wanting[0], twin, "-www", (PlainHTTP(), *secured(twin, certificates)), (rule,))


def _unredirected(host: IngressHost, part: IngressPart) -> Iterator[Item]:
    """Yield that a host without a certificate does not send its clients to HTTPS, where nobody would answer."""
    if part.nginx is not None and part.redirecting.forced and not host.secured:
        message = (
            f"{host.name or 'any host'}: no redirect, since it has no certificate; it is for who ends TLS in front"
        )
        yield Item.of(part.source, part.nginx.fate("force-ssl-redirect", Fidelity.LOST, message))


def _routes(carried: Iterable[_Carried]) -> Iterator[DraftRoute]:
    """Yield routes: hosts of an Ingress with the same rules and carriers share one."""
    groups: dict[tuple[str, str, str, str], list[_Carried]] = {}
    for each in carried:
        # A route is for the hostnames that it has, or for every host.
        alike = repr((each.host == ANY, each.rules, [type(at).__name__ for at in each.carriers]))
        key = (each.part.source.key.namespace, each.part.source.key.name, each.suffix, alike)
        groups.setdefault(key, []).append(each)
    taken: set[tuple[str, str]] = set()
    for (namespace, name, suffix, _), group in groups.items():
        place = f"{name}{suffix}"
        by_host = f"{place}-{host_word(group[0].host)}"
        names = chain((place, by_host), (f"{by_host}-{number}" for number in count(2)))
        own = next(each for each in names if (namespace, each) not in taken)
        taken.add((namespace, own))
        carriers = tuple(dict.fromkeys(at for each in group for at in each.carriers))
        yield DraftRoute(
            namespace=namespace,
            name=own,
            hostnames=tuple(each.host for each in group if each.host != ANY),
            carriers=carriers,
            rules=group[0].rules,
            origins=(group[0].part.source.name,),
        )


def _listeners(read_hosts: HostsRead, routes: tuple[DraftRoute, ...]) -> Iterator[DraftListener]:
    """Yield the listeners of all hosts that there are rules for, were it that nobody gets anything but a 404."""
    wanted = frozenset(at for host in read_hosts.hosts for at in host.secured)
    for at, (secret, part) in sorted(read_hosts.certificates.items()):
        if at in wanted:
            yield DraftListener(
                at=at,
                secrets=(secret,),
                shared=any(route.namespace != at.namespace for route in routes if at in route.carriers),
                origins=(part.source.name,),
            )
