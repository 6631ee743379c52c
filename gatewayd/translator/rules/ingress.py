"""Ingress paths -> Routes.

A Route is called after its rule and its path; those of the default backend have the number DEFAULT_BACKEND for a rule,
and that of the host that they are for. https://kubernetes.io/docs/concepts/services-networking/ingress/#path-types
"""

import re
from collections.abc import Iterator
from functools import lru_cache, partial
from typing import Final

from gatewayd.api.core import Service
from gatewayd.api.ingress import HTTPIngressPath, Ingress, IngressBackend, IngressServiceBackend
from gatewayd.api.meta import ObjectKey
from gatewayd.incremental.view import Attempt, View
from gatewayd.ir.backend import Backend, InvalidBackend, Protocol, ServiceBackend
from gatewayd.ir.http import (
    DEFAULT_BACKEND,
    NO_REWRITE,
    NO_TIMEOUTS,
    Action,
    ExactPath,
    Forward,
    NamedMatch,
    PathMatch,
    PrefixPath,
    RegexValue,
    RequestMatch,
    Route,
    RuleRef,
    WeightedBackend,
)
from gatewayd.translator import verdicts
from gatewayd.translator.backends.backend_refs import BackendAsk, backend
from gatewayd.translator.hostnames import normalised, one_label_pattern
from gatewayd.translator.ingresses import INGRESS_KIND, rule_hosts
from gatewayd.translator.policies.attach import SERVICE_KIND
from gatewayd.translator.policies.traffic import backend_persistence
from gatewayd.translator.problems import Problem, Unresolved, Unsupported
from gatewayd.translator.rules.forwarding import plain_forward
from gatewayd.translator.rules.http import failing, rank, usable_match
from gatewayd.translator.rules.rule_set import Ranked, RankedMatch, RuleResult

_PATH: Final = re.compile(r"/(?:[-A-Za-z0-9/._~!$&'()*+,;=:@]|%[0-9a-fA-F]{2})*")
"""What the path of a request may be: https://www.rfc-editor.org/rfc/rfc3986#section-3.3."""
_EXPRESSION: Final = re.compile(r"\.\*|\.\+|\(\?|\$\)|[*$]$")
"""What other controllers take for an expression, and nobody writes who means a path as it stands."""


def plain_rules(view: View, row: Ingress) -> Iterator[RuleResult]:
    """Yield what the rules of an Ingress say, its default backend last."""
    yield from _rules(view, row)
    yield from _default(view, row)


def _rules(view: View, row: Ingress) -> Iterator[RuleResult]:
    for number, rule in enumerate(row.spec.rules):
        for at, path in enumerate(rule.http.paths if rule.http is not None else ()):
            source = source_of(row, number, at)
            yield _rule(view, source, normalised(rule.host), path)


def source_of(row: Ingress, rule: int, match: int) -> RuleRef:
    """Return what a Route of an Ingress is called by."""
    key = row.metadata.key
    return RuleRef(kind=INGRESS_KIND.kind, namespace=key.namespace, name=key.name, rule=rule, match=match)


def _rule(view: View, source: RuleRef, host: str, path: HTTPIngressPath) -> RuleResult:
    key = ObjectKey(source.namespace, source.name)
    action, problems = _action(view, key, source.field, path.backend)
    match = usable_match(view, key, source.field, partial(_usable, path, host))
    if isinstance(match, Unsupported):
        return RuleResult((), (*problems, match))
    return RuleResult((ranked_route(source, match, action),), problems)


def _default(view: View, row: Ingress) -> Iterator[RuleResult]:
    if row.spec.default_backend is None:
        return
    action, problems = _action(view, row.metadata.key, "spec.defaultBackend", row.spec.default_backend)
    routes = (
        ranked_route(source_of(row, DEFAULT_BACKEND, at), _ranked_match(PrefixPath(value="/"), host), action)
        for at, host in enumerate(rule_hosts(row))
    )
    yield RuleResult(tuple(routes), problems)


def ranked_route(source: RuleRef, match: RankedMatch, action: Action) -> Ranked:
    """Return the Route of a match."""
    return Ranked(match.rank, Route(source=source, rule_name="", match=match.match, action=action, filters=()))


# --- what a path matches -----------------------------------------------------------------------------------------


def _usable(path: HTTPIngressPath, host: str, where: str) -> RankedMatch | Unsupported:
    text = path.path or "/"
    if not _PATH.fullmatch(text):
        allowed = "letters, digits, %XX and any of -._~!$&'()*+,;=:@/ are allowed"
        return Unsupported(f"{where}.path: is not what the path of a request can be; {allowed}")
    if path.path_type == "Exact":
        return _ranked_match(ExactPath(value=text), host)
    if path.path_type == "ImplementationSpecific" and _EXPRESSION.search(text):
        advice = "ImplementationSpecific is a prefix here; an HTTPRoute has paths of type RegularExpression"
        return Unsupported(f"{where}.path: is written like an expression; {advice}")
    return _ranked_match(PrefixPath(value=text.rstrip("/") or "/"), host)


def _ranked_match(path: PathMatch, host: str) -> RankedMatch:
    """Return a match with the place that an HTTPRoute with the path has: the host is no condition of its own."""
    match = RequestMatch(path=path, methods=(), headers=(), queries=(), grpc=False)
    of_host = RequestMatch(path=path, methods=(), headers=one_label(host), queries=(), grpc=False)
    return RankedMatch(rank(match), of_host)


@lru_cache(maxsize=1024)
def one_label(host: str) -> tuple[NamedMatch, ...]:
    """Return what a request must have for a wildcard that stands for one label: a virtual host's stands for many.

    https://kubernetes.io/docs/concepts/services-networking/ingress/#hostname-wildcards
    """
    if not host.startswith("*."):
        return ()
    return (NamedMatch(name="host", value=RegexValue(pattern=one_label_pattern(host))),)


# --- where its requests go ---------------------------------------------------------------------------------------


def _action(view: View, key: ObjectKey, field: str, written: IngressBackend) -> tuple[Action, tuple[Problem, ...]]:
    return view.attempt(
        Attempt("backend", (key, field)), partial(_forward, view, key, field, written), partial(failing, field)
    )


def _forward(view: View, key: ObjectKey, field: str, written: IngressBackend) -> tuple[Action, tuple[Problem, ...]]:
    target = service_backend(view, key.namespace, written, Protocol.HTTP1)
    if not isinstance(target, InvalidBackend):
        return plain_forward(target, 1, backend_persistence(view, target.upstream)), ()
    action = Forward(
        backends=(whole_share(view, target),),
        mirrors=(),
        rewrite=NO_REWRITE,
        timeouts=NO_TIMEOUTS,
        retry=None,
        persistence=None,
    )
    return action, (Unresolved(target.reason, f"{backend_path(field)}: {target.message}"),)


def whole_share(view: View, target: Backend) -> WeightedBackend:
    """Return a backend that all requests of a path go to."""
    return WeightedBackend(
        backend=target,
        weight=1,
        filters=(),
        mirrors=(),
        rewrite=NO_REWRITE,
        persistence=backend_persistence(view, target.upstream) if isinstance(target, ServiceBackend) else None,
    )


def backend_path(field: str) -> str:
    """Return the field of a backend, by that of what leads to it."""
    return field if field == "spec.defaultBackend" else f"{field}.backend"


def service_backend(view: View, namespace: str, written: IngressBackend, wants: Protocol) -> Backend:
    """Return where a backend leads: to a Service of the Ingress's own namespace, and nowhere else."""
    if written.service is None:
        kind = written.resource.kind if written.resource is not None else "none"
        return InvalidBackend(
            reason=verdicts.INVALID_KIND, message=f"a resource of kind {kind} is not supported; allowed: service"
        )
    service = ObjectKey(namespace, written.service.name)
    port = _port(view, service, written.service)
    if isinstance(port, InvalidBackend):
        return port
    return backend(view, BackendAsk(INGRESS_KIND, namespace, SERVICE_KIND, service, port, wants))


def _port(view: View, service: ObjectKey, written: IngressServiceBackend) -> int | InvalidBackend | None:
    """Return the number of a port that may be given by its name; a Service that does not exist is told of elsewhere."""
    row = view.get(Service, service)
    if not written.port.name or row is None:
        return written.port.number
    ports = [each for each in row.spec.ports if each.protocol == "TCP"]
    number = next((each.port for each in ports if each.name == written.port.name), None)
    if number is not None:
        return number
    known = ", ".join(each.name for each in ports if each.name) or "none"
    return InvalidBackend(
        reason=verdicts.BACKEND_NOT_FOUND,
        message=f'Service "{service}" has no port named {written.port.name!r} (TCP); names: {known}',
    )
