"""The paths of a host as rules: what they match, what is done to their requests, and where they go."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final, NamedTuple

from gatewayd.api.meta import ObjectKey
from gatewayd.convert.answers import CLOSED, NOT_FOUND, answering, closed
from gatewayd.convert.conditions import at_one_label
from gatewayd.convert.draft import JSON, DraftRule, path_word
from gatewayd.convert.fates import Fate, Fidelity, Item
from gatewayd.convert.ingress.parts import IngressHost, Location
from gatewayd.convert.ingress.shapes import WrittenService
from gatewayd.convert.services import Services, backend_ref
from gatewayd.translator.nginx.canaries import choices
from gatewayd.translator.nginx.destinations import Destination
from gatewayd.translator.nginx.filters import joined
from gatewayd.translator.nginx.paths import ROOT, PathForm, Rewriting, expression, plain

_CANNOT: Final = 500
_GUESSED: Final = {"http": 80, "https": 443}
"""What ports of such names nearly always are."""


class LocationRules(NamedTuple):
    """The rules of a path, most special first, and what becomes of its fields."""

    rules: tuple[DraftRule, ...]
    items: tuple[Item, ...]


class Setting(NamedTuple):
    """What rules are made with: `open_all`, paths that have lost a protection are open all the same.

    `walled`: other hosts cover this one, so that what none of its paths is for must not go to theirs.
    """

    services: Services
    open_all: bool
    walled: bool


def location_rules(host: IngressHost, location: Location, setting: Setting) -> LocationRules:
    """Return the rules of one path."""
    source = location.part.source
    form = _form(host, location)
    matches = at_one_label(form.matches, host.name)
    if host.app_root and location.exact and location.path == ROOT:
        return LocationRules((), (_untaken(location, "all requests for it are sent to the app-root of the host"),))
    if host.is_expression and not host.tried(location):
        return LocationRules((), (_untaken(location, "an expression that is as long is tried before it"),))
    if location.backend is None and not _sends_away(host, location, setting):
        # Among expressions as long the order counts, whether or not somebody is there.
        is_before = host.is_expression and any(each.exact and each.path == ROOT for each in host.locations)
        is_told = bool(matches) and (setting.walled or is_before)
        return LocationRules((answering(path_word(location.path), matches, NOT_FOUND),) if is_told else (), ())
    if not matches:
        why = "no request is for such a path, since slashes are merged and dots are resolved"
        return LocationRules((), (_untaken(location, why),))
    fates: list[Fate] = []
    served = _served(host, location, form, setting, fates)
    return LocationRules((*_slashed(form, host, location), *served), tuple(Item.of(source, fate) for fate in fates))


def _untaken(location: Location, why: str) -> Item:
    return Item.of(location.part.source, Fate(path=location.field, fidelity=Fidelity.EXACT, message=why))


def _sends_away(host: IngressHost, location: Location, setting: Setting) -> bool:
    """Return whether requests are redirected whoever may come in, as nginx does before it asks."""
    return location.part.away.is_away and _is_open(host, location, setting)


def _is_open(host: IngressHost, location: Location, setting: Setting) -> bool:
    return setting.open_all or not _lost(host, location)


def _lost(host: IngressHost, location: Location) -> tuple[str, ...]:
    """Return the protections that are lost of a path: of its own Ingress, or of the whole host."""
    return location.part.closed or host.closed


def _served(
    host: IngressHost, location: Location, form: PathForm, setting: Setting, fates: list[Fate]
) -> tuple[DraftRule, ...]:
    """Return what becomes of requests for a path that somebody is behind."""
    title, matches = path_word(location.path), at_one_label(form.matches, host.name)
    if form.unmatched:
        fates.append(Fate(path=f"{location.field}.path", fidelity=Fidelity.LOST, message=form.unmatched))
        return (answering(title, matches, _CANNOT),)
    if _sends_away(host, location, setting):
        return (_sent_away(title, matches, location.part.away),)
    if not _is_open(host, location, setting):
        fates.append(closed(location.field, _lost(host, location)))
        return (answering(title, matches, CLOSED),)
    ref = _backend(setting.services, location, fates, of=location.part.source.key.namespace)
    return tuple(_shared(_forward(title, matches, form, location, ref), location, setting, fates))


def _sent_away(title: str, matches: tuple[JSON, ...], away: Destination) -> DraftRule:
    if away.redirect is None:
        return answering(title, matches, _CANNOT)
    filters = ({"type": "RequestRedirect", "requestRedirect": away.redirect},)
    return DraftRule(title=title, matches=matches, filters=filters)


def _shared(rule: DraftRule, location: Location, setting: Setting, fates: list[Fate]) -> Iterator[DraftRule]:
    """Yield the rules of a path that a canary shares: who gets it by a header, and the others by weight."""
    rival = location.rival
    if rival is None or rival.part.canary is None:
        yield rule
        return
    ref = _backend(setting.services, rival, fates, of=location.part.source.key.namespace)
    if ref is None or not rule.backends or ref == rule.backends[0]:
        yield rule
        return
    shared = rival.part.canary
    for header, gets_it in choices(shared):
        matches = tuple({**match, "headers": [*match.get("headers", ()), header]} for match in rule.matches)
        backends = (ref,) if gets_it else rule.backends
        yield replace(
            rule, title=f"{rule.title}-{'canary' if gets_it else 'stable'}", matches=matches, backends=backends
        )
    if shared.weight:
        weighted = ({**rule.backends[0], "weight": shared.total - shared.weight}, {**ref, "weight": shared.weight})
        yield replace(rule, backends=weighted)
    else:
        yield rule


def _forward(title: str, matches: tuple[JSON, ...], form: PathForm, location: Location, ref: JSON | None) -> DraftRule:
    effect = location.part.effect
    told = effect.rewritten if form.is_rewritten else ()
    return DraftRule(
        title=title,
        matches=matches,
        filters=joined((*form.filters, *told, *effect.filters)),
        backends=(ref,) if ref is not None else (),
        more=effect.more,
        access=effect.access,
        passage=effect.passage,
        own_filter=form.own_filter,
    )


def _slashed(form: PathForm, host: IngressHost, location: Location) -> Iterator[DraftRule]:
    """Yield the redirect of nginx for a path that lacks the slash at the end of the only one that is there."""
    bare = form.slashed.rstrip("/")
    if location.part.nginx is None or not bare or any(each.path == bare for each in host.locations):
        return
    path = {"type": "ReplaceFullPath", "replaceFullPath": form.slashed}
    yield DraftRule(
        title=f"{path_word(bare)}-slash",
        matches=at_one_label(({"path": {"type": "Exact", "value": bare}},), host.name),
        filters=({"type": "RequestRedirect", "requestRedirect": {"path": path, "statusCode": 301}},),
    )


def app_root_rules(host: IngressHost) -> Iterator[DraftRule]:
    """Yield the redirect from `/` that an Ingress of the host asks for."""
    if host.app_root:
        path = {"type": "ReplaceFullPath", "replaceFullPath": host.app_root}
        yield DraftRule(
            title="app-root",
            matches=at_one_label(({"path": {"type": "Exact", "value": "/"}},), host.name),
            filters=({"type": "RequestRedirect", "requestRedirect": {"path": path, "statusCode": 302}},),
        )


def https_rules(host: IngressHost, location: Location) -> Iterator[DraftRule]:
    """Yield the rules that send requests for a path from HTTP to HTTPS, also from where its slash is missing."""
    form = _form(host, location)
    if location.exact:  # what is no exact path is for requests without the slash too
        yield from _slashed(form, host, location)
    redirect = {"scheme": "https", "statusCode": 308}
    yield DraftRule(
        title=path_word(location.path),
        matches=at_one_label(form.matches, host.name),
        filters=({"type": "RequestRedirect", "requestRedirect": redirect},),
    )


def _form(host: IngressHost, location: Location) -> PathForm:
    if host.is_expression:
        # What is redirected is not rewritten.
        rewriting = Rewriting() if location.part.away.is_away else location.part.rewriting
        return expression(host.tried(location) or location.path, rewriting)
    return plain(location.path, exact=location.exact)


def _backend(services: Services, location: Location, fates: list[Fate], *, of: str) -> JSON | None:
    """Return the backendRef of a path for a route of the namespace `of`; None where there is none: it answers 500."""
    backend, field = location.backend, _backend_field(location)
    if backend is None or backend.service is None:
        what = backend.resource.kind if backend is not None and backend.resource is not None else "nothing"
        message = f"leads to {what}, not to a Service; it answers 500"
        fates.append(Fate(path=field, fidelity=Fidelity.LOST, message=message))
        return None
    port = _port(services, location, backend.service, fates)
    to = ObjectKey(location.part.source.key.namespace, backend.service.name)
    return None if port == 0 else backend_ref(to, port, of)


def _backend_field(location: Location) -> str:
    return location.field if location.field == "spec.defaultBackend" else f"{location.field}.backend"


def _port(services: Services, location: Location, to: WrittenService, fates: list[Fate]) -> int:
    """Return the number of a port; 0 where it is not known."""
    written, field = to.port, f"{_backend_field(location)}.service.port"
    if written.number:
        return written.number
    service = services.get(ObjectKey(location.part.source.key.namespace, to.name))
    if service is not None:
        named = {port.name: port.port for port in service.spec.ports}
        if written.name in named:
            fates.append(Fate(path=f"{field}.name", fidelity=Fidelity.EXACT, message=f"port {named[written.name]}"))
            return named[written.name]
        message = f"the Service has no port {written.name}; it has: {', '.join(named) or 'none'}; the path answers 500"
        fates.append(Fate(path=f"{field}.name", fidelity=Fidelity.LOST, message=message))
        return 0
    guess = _GUESSED.get(written.name, 0)
    todo = (
        f"the Service is not among the files; port {guess} is assumed"
        if guess
        else "the Service is not among the files"
    )
    fate = Fidelity.MANUAL if guess else Fidelity.LOST
    message = f"a port by name, and {todo}" if guess else f"a port by name, and {todo}; the path answers 500"
    fates.append(Fate(path=f"{field}.name", fidelity=fate, message=message))
    return guess
