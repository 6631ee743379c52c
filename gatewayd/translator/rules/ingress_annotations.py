"""Ingress paths with the annotations of ingress-nginx -> Routes, where the class of the Ingress asks for them.

Paths, filters and sessions come in the words of an HTTPRoute, as a conversion writes them, and are read as those of one
are. What policies would say of the Ingress stands in `translator/policies/annotated.py`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Final, NamedTuple, TypeVar

from msgspec import Struct

from gatewayd.api.decode import read_as
from gatewayd.api.httproute import HTTPRouteFilter, HTTPRouteMatch
from gatewayd.api.ingress import HTTPIngressPath, Ingress, IngressBackend
from gatewayd.api.meta import ObjectKey
from gatewayd.api.routefilter import RouteFilterSpec
from gatewayd.api.sessionpersistence import SessionPersistence
from gatewayd.incremental.view import Attempt, Index, Member, View
from gatewayd.ir.backend import Backend, InvalidBackend, Protocol
from gatewayd.ir.filters import HTTPFilter
from gatewayd.ir.http import (
    APP_ROOT,
    CANNOT,
    DEFAULT_BACKEND,
    NO_REWRITE,
    NO_TIMEOUTS,
    Action,
    ExactPath,
    Forward,
    FullPath,
    Redirect,
    RegexPath,
    RequestMatch,
    RuleRef,
    URLRewrite,
)
from gatewayd.translator.further_hosts import further_hosts, of_further, stands_for
from gatewayd.translator.hostnames import ANY, normalised
from gatewayd.translator.ingresses import INGRESS_KIND, class_gateway, class_name, rule_hosts
from gatewayd.translator.live_annotations import (
    CLOSED_HOSTS,
    EXPRESSION_HOSTS,
    CanaryHost,
    CanaryPath,
    GatewayHost,
    canary_paths,
    live_annotations,
    unread_annotations,
    who_brings,
)
from gatewayd.translator.nginx.annotations import JSON, annotation_path
from gatewayd.translator.nginx.canaries import choices
from gatewayd.translator.nginx.filters import joined
from gatewayd.translator.nginx.live import LiveAnnotations
from gatewayd.translator.nginx.paths import PathForm, Rewriting, expression, plain
from gatewayd.translator.policies.annotated import annotated
from gatewayd.translator.policies.backendtls import upstream_settings
from gatewayd.translator.policies.session_persistence import persistence, refused
from gatewayd.translator.problems import Problem, Unresolved, Unsupported
from gatewayd.translator.rules.filters import FilterPlace
from gatewayd.translator.rules.forwarding import Filtered, filtered
from gatewayd.translator.rules.http import failing, rank, usable, usable_match
from gatewayd.translator.rules.ingress import (
    backend_path,
    one_label,
    plain_rules,
    ranked_route,
    service_backend,
    source_of,
    whole_share,
)
from gatewayd.translator.rules.route_filters import path_rewrite
from gatewayd.translator.rules.rule_set import RankedMatch, RuleResult, RuleSet, fold

_ANNOTATIONS: Final = "metadata.annotations"
_FOUND: Final = 302
"""The status of the redirect to the root of an application."""
_WHOLE: Final = PathForm(matches=({},))

S = TypeVar("S", bound=Struct)


def rules(view: View, row: Ingress) -> RuleSet:
    """Return what the rules of an Ingress say, with its annotations where they count."""
    unread = unread_annotations(view, row)
    told = () if unread is None else (RuleResult((), (Unsupported(unread),)),)
    annotations = live_annotations(view, Member(Ingress, row.metadata.key))
    if annotations is None:
        return fold([*plain_rules(view, row), *told])
    lost = tuple(Unsupported(f"{fate.path}: {fate.message}") for fate in annotations.lost)
    if annotations.is_canary:
        return fold([RuleResult((), lost), *told])
    return fold([*_annotated_rules(view, row, annotations), RuleResult((), lost), *told])


class _Doing(NamedTuple):
    """What all paths of an Ingress have in common: what is done to their requests, and what is wrong with that.

    `steps` are those of a path that is rewritten, `unrewritten` the filters of one that stays as it is.
    """

    key: ObjectKey
    annotations: LiveAnnotations
    steps: Filtered
    unrewritten: tuple[HTTPFilter, ...]
    session: SessionPersistence | None
    closing: tuple[Problem, ...]

    @property
    def wants(self) -> Protocol:
        """What its backends are spoken to by, where they do not say it."""
        return Protocol.HTTP2 if self.annotations.wants_http2 else Protocol.HTTP1


def _annotated_rules(view: View, row: Ingress, annotations: LiveAnnotations) -> Iterator[RuleResult]:
    doing = _doing(view, row, annotations)
    gateway = class_gateway(view, class_name(view, row) or "")
    yield RuleResult((), (*doing.closing, *doing.steps.problems))
    closed = {host: _brought(view, CLOSED_HOSTS, gateway, host, row) for host in rule_hosts(row)}
    yield RuleResult((), () if annotations.closing else tuple(_closed_by(closed)))
    further = further_hosts(view, row)
    for number, rule in enumerate(row.spec.rules):
        host = normalised(rule.host)
        is_expression = _brought(view, EXPRESSION_HOSTS, gateway, host, row) is not None
        shared = _shared(view, gateway, row, host)
        for at, path in enumerate(rule.http.paths if rule.http is not None else ()):
            text = path.path or "/"
            form = _form(path, annotations, is_expression=is_expression)
            is_closed, other = closed[host] is not None, shared.get((text, path.path_type))
            place = _AnnotatedPath(source_of(row, number, at), host, text, path.backend, is_closed, other)
            yield from _path(view, doing, place, form)
            for alias, name in enumerate(further if host == stands_for(row) else ()):
                elsewhere = place._replace(source=of_further(place.source, alias), host=name)
                yield from (each._replace(problems=()) for each in _path(view, doing, elsewhere, form))
    if row.spec.default_backend is not None:
        for at, host in enumerate((*rule_hosts(row), *further)):
            is_closed = closed.get(host, closed[stands_for(row)]) is not None
            source = source_of(row, DEFAULT_BACKEND, at)
            place = _AnnotatedPath(source, host, "", row.spec.default_backend, is_closed, None)
            yield from _path(view, doing, place, _WHOLE)
    yield from _app_root(row, annotations, (*rule_hosts(row), *further))


def _form(path: HTTPIngressPath, annotations: LiveAnnotations, *, is_expression: bool) -> PathForm:
    if not is_expression:
        return plain(path.path or "/", exact=path.path_type == "Exact")
    # What is redirected is not rewritten.
    return expression(path.path or "/", Rewriting() if annotations.away.is_away else annotations.rewriting)


def _shared(view: View, gateway: object, row: Ingress, host: str) -> Mapping[tuple[str, str], CanaryPath]:
    """Return the paths of a host that a canary shares; of two canaries of a path the older counts."""
    if not isinstance(gateway, ObjectKey):
        return {}
    paths = canary_paths(view, CanaryHost(gateway, row.metadata.namespace, host))
    return {(each.path, each.path_type): each for each in reversed(paths)}


def _brought(view: View, index: Index, gateway: object, host: str, row: Ingress) -> ObjectKey | None:
    """Return which Ingress brings something to a host that counts for this one as well, None for none."""
    return who_brings(view, index, GatewayHost(gateway, host), row) if isinstance(gateway, ObjectKey) else None


def _closed_by(closed: Mapping[str, ObjectKey | None]) -> Iterator[Unsupported]:
    for host, ingress in closed.items():
        if ingress is not None:
            of_host = "all hosts" if host == ANY else host
            why = f'Ingress "{ingress}" has lost a protection of all paths of {of_host}; they answer 500'
            yield Unsupported(f"spec.rules: {why}")


def _doing(view: View, row: Ingress, annotations: LiveAnnotations) -> _Doing:
    key, effect = row.metadata.key, annotations.effect
    read = [_read(each, HTTPRouteFilter) for each in joined((*effect.filters, *effect.rewritten))]
    steps = unrewritten = _filtered(view, key, read)
    if effect.rewritten:
        unrewritten = _filtered(view, key, [_read(each, HTTPRouteFilter) for each in joined(effect.filters)])
    session = effect.more.get("sessionPersistence")
    kept = None if session is None else _read(session, SessionPersistence)
    unkept = refused(kept, annotation_path("affinity")) if isinstance(kept, SessionPersistence) else None
    wrong = [each for each in (*read, kept, unkept) if isinstance(each, Unsupported)]
    closing = [
        *(Unsupported(f"{each.path}: {each.message}") for each in annotated(view, Member(Ingress, key)).problems),
        *wrong,
    ]
    return _Doing(
        key=key,
        annotations=annotations,
        steps=steps,
        unrewritten=unrewritten.filters,
        session=kept if isinstance(kept, SessionPersistence) else None,
        closing=tuple(closing),
    )


def _filtered(view: View, key: ObjectKey, filters: Sequence[HTTPRouteFilter | Unsupported]) -> Filtered:
    good = tuple(each for each in filters if isinstance(each, HTTPRouteFilter))
    return filtered(view, FilterPlace(INGRESS_KIND, key.namespace, Protocol.HTTP1, _ANNOTATIONS), good)


def _read(value: JSON, struct: type[S]) -> S | Unsupported:
    read = read_as(value, struct)
    if isinstance(read, tuple):
        return Unsupported(f"{_ANNOTATIONS}: {'; '.join(map(str, read))}")
    return read


class _AnnotatedPath(NamedTuple):
    """A path of a host, "" for a default backend's, and where it leads.

    `is_closed`: nobody gets there. `shared`: the canary that gets a part of its requests.
    """

    source: RuleRef
    host: str
    text: str
    backend: IngressBackend
    is_closed: bool
    shared: CanaryPath | None


def _path(view: View, doing: _Doing, place: _AnnotatedPath, form: PathForm) -> Iterator[RuleResult]:
    """Yield the Routes of a path, and apart from them what it answers 500 for: an Ingress of nothing else is served."""
    field = place.source.field
    actions, problems = view.attempt(
        Attempt("annotated path", (doing.key, field, place.host)),
        partial(_shares, view, doing, place, form),
        partial(_failing, field),
    )
    filters = doing.steps.filters if form.is_rewritten else doing.unrewritten
    routes, unusable = [], []
    for match in form.matches:
        for at, (header, action) in enumerate(actions):
            own = {**match, "headers": [header]} if header else match
            read = usable_match(view, doing.key, field, partial(_match, own, place, len(actions) - at))
            if isinstance(read, Unsupported):
                unusable.append(read)
            else:
                route = ranked_route(place.source, read, action)
                routes.append(route._replace(route=replace(route.route, filters=filters)))
    yield RuleResult(tuple(routes), tuple(each for each in problems if isinstance(each, Unresolved)))
    yield RuleResult((), (*(each for each in problems if isinstance(each, Unsupported)), *unusable))


_Shares = tuple[tuple[JSON, Action], ...]
"""A header that requests must have, {} for none, and what is done with those: the first one that fits counts."""


def _failing(field: str, error: Exception) -> tuple[_Shares, tuple[Problem, ...]]:
    action, problems = failing(field, error)
    return (({}, action),), problems


def _shares(view: View, doing: _Doing, place: _AnnotatedPath, form: PathForm) -> tuple[_Shares, tuple[Problem, ...]]:
    """Return what becomes of requests for a path: who has a header or a cookie of a canary, and all others."""
    action, problems = _action(view, doing, place, form)
    if place.shared is None or not isinstance(action, Forward):
        return (({}, action),), problems
    canary = place.shared.canary
    share = whole_share(view, service_backend(view, doing.key.namespace, place.shared.backend, doing.wants))
    chosen = replace(action, backends=(share,))
    named = tuple((header, chosen if gets_it else action) for header, gets_it in choices(canary))
    weighted = replace(
        action,
        backends=(
            *(replace(each, weight=canary.total - canary.weight) for each in action.backends),
            replace(share, weight=canary.weight),
        ),
    )
    return (*named, ({}, weighted if canary.weight else action)), problems


def _match(match: JSON, place: _AnnotatedPath, before: int, where: str) -> RankedMatch | Unsupported:
    """Return a match; of those with a header, who has more left to ask goes `before`."""
    read = _read(match, HTTPRouteMatch)
    ranked = read if isinstance(read, Unsupported) else usable(read, where)
    if isinstance(ranked, Unsupported):
        return ranked
    own = ranked.rank
    if isinstance(ranked.match.path, RegexPath):
        # As a path of this length has it: a longer one goes first, and an HTTPRoute's exact path or expression.
        own = rank(replace(ranked.match, path=ExactPath(value=place.text)))
        own = (1, *own[1:])
    if ranked.match.headers:
        own = (*own[:-1], own[-1] + before)
    return RankedMatch(own, replace(ranked.match, headers=(*one_label(place.host), *ranked.match.headers)))


def _action(view: View, doing: _Doing, place: _AnnotatedPath, form: PathForm) -> tuple[Action, tuple[Problem, ...]]:
    annotations, field = doing.annotations, place.source.field
    if form.unmatched:
        return CANNOT, (Unsupported(f"{field}.path: {form.unmatched}; it answers 500"),)
    if annotations.closing or doing.closing or doing.steps.broken or place.is_closed:
        return CANNOT, ()
    if annotations.away.is_away:
        return _away(view, doing), ()
    rewrite = _rewrite(view, doing, form)
    if isinstance(rewrite, Unsupported):
        return CANNOT, (Unsupported(f"{field}.path: {rewrite.message}; it answers 500"),)
    target = service_backend(view, doing.key.namespace, place.backend, doing.wants)
    problems: tuple[Problem, ...] = ()
    if isinstance(target, InvalidBackend):
        problems = (Unresolved(target.reason, f"{backend_path(field)}: {target.message}"),)
    elif annotations.wants_tls and upstream_settings(view, target.upstream) is None:
        service = f'Service "{target.upstream.namespace}/{target.upstream.name}"'
        why = f"no BackendTLSPolicy says how {service} is spoken to; it answers 500"
        return CANNOT, (Unsupported(f"{annotation_path('backend-protocol')}: {why}"),)
    return _forward(view, doing, target, rewrite), problems


def _forward(view: View, doing: _Doing, target: Backend, rewrite: URLRewrite) -> Forward:
    return Forward(
        backends=(whole_share(view, target),),
        mirrors=doing.steps.mirrors,
        rewrite=rewrite,
        timeouts=NO_TIMEOUTS,
        retry=None,
        persistence=persistence(doing.session, f"ingress/{doing.key}"),
    )


def _rewrite(view: View, doing: _Doing, form: PathForm) -> URLRewrite | Unsupported:
    """Return the new path and host of requests."""
    host = doing.steps.rewrite.host
    if form.own_filter:
        spec = _read(form.own_filter, RouteFilterSpec)
        if isinstance(spec, Unsupported):
            return spec
        read = path_rewrite(spec.path_rewrite) if spec.path_rewrite is not None else NO_REWRITE
        return read if isinstance(read, Unsupported) else replace(read, host=host)
    if not form.filters:
        return doing.steps.rewrite
    [written] = [_read(each, HTTPRouteFilter) for each in form.filters]
    if isinstance(written, Unsupported):
        return written
    steps = _filtered(view, doing.key, [written])
    if steps.broken:
        return Unsupported("; ".join(each.message for each in steps.problems))
    return replace(steps.rewrite, host=host)


def _away(view: View, doing: _Doing) -> Action:
    """Return the redirect that takes the place of backends; 500 for one that cannot be had."""
    if doing.annotations.away.redirect is None:
        return CANNOT
    written = _read({"type": "RequestRedirect", "requestRedirect": doing.annotations.away.redirect}, HTTPRouteFilter)
    if isinstance(written, Unsupported):
        return CANNOT
    return _filtered(view, doing.key, [written]).redirect or CANNOT


def _app_root(row: Ingress, annotations: LiveAnnotations, hosts: tuple[str, ...]) -> Iterator[RuleResult]:
    """Yield the redirect from `/` that an Ingress asks for, at each of its hosts."""
    root = annotations.redirecting.app_root
    if not root or annotations.closing:
        return
    action = Redirect(scheme=None, host=None, port=None, path=FullPath(value=root), status=_FOUND)
    for at, host in enumerate(hosts):
        match = RequestMatch(path=ExactPath(value="/"), methods=(), headers=one_label(host), queries=(), grpc=False)
        yield RuleResult((ranked_route(source_of(row, APP_ROOT, at), RankedMatch(rank(match), match), action),), ())
