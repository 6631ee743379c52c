"""From filters and backendRefs to what happens to a request; the same for HTTPRoute and GRPCRoute.

https://gateway-api.sigs.k8s.io/reference/spec/#httprouterule
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from types import UnionType
from typing import Any, NamedTuple

from gatewayd.api.grpcroute import GRPCBackendRef
from gatewayd.api.httproute import HTTPBackendRef
from gatewayd.incremental.view import View
from gatewayd.ir.backend import InvalidBackend, ServiceBackend
from gatewayd.ir.filters import ExternalAuth, HTTPFilter
from gatewayd.ir.http import (
    NO_REWRITE,
    NO_TIMEOUTS,
    DirectResponse,
    Forward,
    Mirror,
    Redirect,
    StatefulSession,
    URLRewrite,
    WeightedBackend,
)
from gatewayd.translator import verdicts
from gatewayd.translator.backends.backend_refs import ask_for, backend
from gatewayd.translator.policies.traffic import backend_persistence
from gatewayd.translator.problems import Problem, Unresolved, Unsupported
from gatewayd.translator.rules.filters import AnyFilter, Effect, FilterPlace, effect


class Filtered(NamedTuple):
    """What a list of filters does. `broken`: a filter that may not be skipped is missing, so requests must fail."""

    filters: tuple[HTTPFilter, ...]
    response: DirectResponse | None
    redirect: Redirect | None
    rewrite: URLRewrite
    mirrors: tuple[Mirror, ...]
    problems: tuple[Problem, ...]
    broken: bool


_ONCE: Mapping[str, type | UnionType] = {
    "ExternalAuth": ExternalAuth,
    "rewrite": URLRewrite,
    "answer": Redirect | DirectResponse,
}
"""What cannot be done twice, as people call it: header changes follow each other, and mirrors stand side by side."""
NO_FILTERS = Filtered(
    filters=(), response=None, redirect=None, rewrite=NO_REWRITE, mirrors=(), problems=(), broken=False
)


def filtered(view: View, place: FilterPlace, written: Sequence[AnyFilter]) -> Filtered:
    """Return what the filters of a rule or of a backendRef do together; `place.path` is the list's field path."""
    if not written:
        return NO_FILTERS
    effects = [effect(view, place._replace(path=f"{place.path}[{at}]"), each) for at, each in enumerate(written)]
    values: list[Any] = [part for each in effects for part in _parts(each)]
    twice = [what for what, of in _ONCE.items() if sum(isinstance(each, of) for each in values) > 1]
    return Filtered(
        filters=tuple([each for each in values if isinstance(each, HTTPFilter)]),
        response=next((each for each in values if isinstance(each, DirectResponse)), None),
        redirect=next((each for each in values if isinstance(each, Redirect)), None),
        rewrite=next((each for each in values if isinstance(each, URLRewrite)), NO_REWRITE),
        mirrors=tuple([each for each in values if isinstance(each, Mirror)]),
        problems=(
            *(each.problem for each in effects if each.problem is not None),
            *(Unsupported(f"{place.path}: more than one {what} is not supported") for what in twice),
        ),
        broken=bool(twice) or any(each is None for each in values),
    )


def _parts(found: Effect) -> tuple[Any, ...]:
    return found.value if isinstance(found.value, tuple) else (found.value,)


class Shares(NamedTuple):
    """The backends of a rule and what is wrong with them."""

    backends: tuple[WeightedBackend, ...]
    problems: tuple[Problem, ...]


AnyBackendRef = HTTPBackendRef | GRPCBackendRef


def shares(view: View, place: FilterPlace, refs: Sequence[AnyBackendRef]) -> Shares:
    """Return the weighted backends of a rule; `place.path` is the rule's field path."""
    weighted = [_share(view, place, f"{place.path}.backendRefs[{at}]", ref) for at, ref in enumerate(refs)]
    return Shares(
        backends=tuple([each for each, _ in weighted]),
        problems=tuple([problem for _, many in weighted for problem in many]),
    )


@lru_cache(maxsize=1024)
def plain_forward(target: ServiceBackend, weight: int, own: StatefulSession | None) -> Forward:
    """Return what sends requests to one backend: the rules of a route mostly have one in common, which is kept once."""
    share = WeightedBackend(backend=target, weight=weight, filters=(), mirrors=(), rewrite=NO_REWRITE, persistence=own)
    return Forward(
        backends=(share,), mirrors=(), rewrite=NO_REWRITE, timeouts=NO_TIMEOUTS, retry=None, persistence=None
    )


def to_one_backend(view: View, place: FilterPlace, ref: AnyBackendRef) -> Forward | None:
    """Return what sends requests to the only backend of a rule, one without filters; None where it leads nowhere."""
    target = backend(view, ask_for(place.source, place.namespace, ref, place.wants, of_service=place.of_service))
    if not isinstance(target, ServiceBackend):
        return None
    return plain_forward(target, ref.weight, backend_persistence(view, target.upstream))


def _share(
    view: View, place: FilterPlace, path: str, ref: AnyBackendRef
) -> tuple[WeightedBackend, tuple[Problem, ...]]:
    target = backend(view, ask_for(place.source, place.namespace, ref, place.wants, of_service=place.of_service))
    own = filtered(view, place._replace(path=f"{path}.filters"), ref.filters) if ref.filters else NO_FILTERS
    problems = list(own.problems)
    if isinstance(target, InvalidBackend):
        problems.insert(0, Unresolved(target.reason, f"{path}: {target.message}"))
    if own.redirect is not None:
        # Sent to a backend and sent away at once: nobody can mean that.
        problems.append(Unsupported(f"{path}.filters: RequestRedirect is not supported on a backendRef"))
    if own.response is not None:
        problems.append(Unsupported(f"{path}.filters: a RouteFilter with directResponse is for rules, not backendRefs"))
    if own.broken or own.redirect is not None or own.response is not None:
        target = InvalidBackend(
            reason=verdicts.UNSUPPORTED_VALUE, message="a filter of this backendRef cannot be applied"
        )
    share = WeightedBackend(
        backend=target,
        weight=ref.weight,
        filters=own.filters,
        mirrors=own.mirrors,
        rewrite=own.rewrite,
        persistence=backend_persistence(view, target.upstream) if isinstance(target, ServiceBackend) else None,
    )
    return share, tuple(problems)
