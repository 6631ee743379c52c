"""The filters of a listener: whom it asks before any of its routes is chosen.

An ExtensionRef, which we cannot do, refuses the listener. A server that is not there leaves the listener as it is and
fails its requests, since no filter may be skipped. Every order of filters can be had.
https://gateway-api.sigs.k8s.io/geps/gep-5224/
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from gatewayd.api.gateway import Gateway
from gatewayd.api.listeners import Listener, ListenerRequestFilter
from gatewayd.api.listenerset import ListenerSet
from gatewayd.api.meta import GroupKind
from gatewayd.incremental.view import View, rescued_query
from gatewayd.ir.backend import Protocol
from gatewayd.ir.filters import ExternalAuth
from gatewayd.ir.limits import GUARDS
from gatewayd.ir.outcome import Verdict
from gatewayd.translator import verdicts
from gatewayd.translator.problems import Problem, Unresolved, Unsupported, unresolved_verdict
from gatewayd.translator.protocols import group_kind
from gatewayd.translator.rescues import blame
from gatewayd.translator.rules.filters import FilterPlace, checked, external_auth

_OWNERS = {"Gateway": group_kind(Gateway), "ListenerSet": group_kind(ListenerSet)}
_WITH_REQUESTS = ("HTTP", "HTTPS")


class GuardKey(NamedTuple):
    """The filters of a listener: of which kind of object, in which namespace, and where they stand in it."""

    source: GroupKind
    namespace: str
    path: str
    filters: tuple[ListenerRequestFilter, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Guards:
    """Whom a listener asks, in order. `unresolved`: the bad ResolvedRefs verdict, with which all requests must fail."""

    asked: tuple[ExternalAuth, ...]
    unresolved: Verdict | None


NO_GUARDS = Guards(asked=(), unresolved=None)


def guard_key(owner: str, namespace: str, path: str, entry: Listener) -> GuardKey | None:
    """Return the key to ask `guards` by, None without filters; `path` is the listener's field path."""
    if entry.filters is None or not entry.filters.requests:
        return None
    return GuardKey(_OWNERS[owner], namespace, f"{path}.filters.requests", entry.filters.requests)


def refused(entry: Listener, path: str) -> Verdict | None:
    """Return why a listener's filters make it not accepted, whatever they refer to; None when they do not."""
    if entry.filters is None:
        return None
    if entry.protocol not in _WITH_REQUESTS:
        message = f"{path}.filters: must not be set for protocol {entry.protocol}; HTTP and HTTPS may have them"
        return verdicts.invalid_listener_filter(message)
    if len(entry.filters.requests) > GUARDS:
        many = f"has {len(entry.filters.requests)} filters; at most {GUARDS} are supported"
        return verdicts.unsupported_value(f"{path}.filters.requests: {many}")
    refusals = (_refused(each, f"{path}.filters.requests[{at}]") for at, each in enumerate(entry.filters.requests))
    return next((each for each in refusals if each is not None), None)


def _refused(listener_filter: ListenerRequestFilter, path: str) -> Verdict | None:
    if listener_filter.external_auth is None:
        return verdicts.unsupported_value(
            f"{path}.type: {listener_filter.type} is not supported; allowed: ExternalAuth"
        )
    check = checked(listener_filter.external_auth, f"{path}.externalAuth")
    return verdicts.invalid_listener_filter(check.message) if isinstance(check, Unsupported) else None


def guards(view: View, key: GuardKey | None) -> Guards:
    """Return whom a listener with such filters asks."""
    return _guards(view, key) if key is not None else NO_GUARDS


def _unread(_view: View, key: GuardKey, error: Exception, _before: Guards | None) -> Guards:
    return Guards(asked=(), unresolved=verdicts.invalid_listener_filter_ref(blame(key.path, error)))


@rescued_query(_unread)
def _guards(view: View, key: GuardKey) -> Guards:
    servers = tuple(_found(view, key))
    problems = [each for each in servers if isinstance(each, Unresolved)]
    return Guards(
        asked=tuple(each for each in servers if isinstance(each, ExternalAuth)),
        unresolved=unresolved_verdict(problems),
    )


def _found(view: View, key: GuardKey) -> Iterator[ExternalAuth | Problem]:
    for at, listener_filter in enumerate(key.filters):
        place = FilterPlace(key.source, key.namespace, Protocol.HTTP1, f"{key.path}[{at}]")
        if listener_filter.external_auth is not None:
            of_auth = place._replace(path=f"{place.path}.externalAuth")
            server = external_auth(view, of_auth, listener_filter.external_auth)
            yield _as_of_listeners(server) if isinstance(server, Unresolved) else server
        elif listener_filter.extension_ref is not None:
            kind = listener_filter.extension_ref.group_kind
            message = f"{place.path}.extensionRef: kind {kind} is not supported; there are none"
            yield Unresolved(verdicts.INVALID_LISTENER_FILTER_REF, message)


def _as_of_listeners(problem: Unresolved) -> Unresolved:
    if problem.reason == verdicts.REF_NOT_PERMITTED:
        return problem
    return problem._replace(reason=verdicts.INVALID_LISTENER_FILTER_REF)
