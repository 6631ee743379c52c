"""Which servers the proxies of a Gateway ask because a policy says so, and the secrets that they need for that.

In: a route. Out: for each Gateway that it is attached to, what the policies in force there lead to.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final, NamedTuple, assert_never

from gatewayd.api.accesspolicy import AccessPolicy, AccessSections
from gatewayd.api.envoy_gateway.objects import EnvoyExtensionPolicy, SecurityPolicy
from gatewayd.api.grpcroute import GRPCRoute
from gatewayd.api.httproute import HTTPRoute
from gatewayd.api.ingress import Ingress
from gatewayd.api.meta import ObjectKey
from gatewayd.api.routepolicy import RoutePolicy
from gatewayd.incremental.view import Index, Member, Source, View, query, rows, ungrouped
from gatewayd.ir.backend import Upstream
from gatewayd.ir.filters import HTTPFilter, PolicyCheck
from gatewayd.ir.key_sets import ProxyKeySet
from gatewayd.ir.policy import Login, Tokens
from gatewayd.ir.processing import Processing
from gatewayd.ir.tls import SharedSecret
from gatewayd.translator.attachment import attachments
from gatewayd.translator.backends.backend_refs import GatewayUpstream
from gatewayd.translator.policies.annotated import annotated_access
from gatewayd.translator.policies.closed import Closed
from gatewayd.translator.policies.foreign import own_access
from gatewayd.translator.policies.kinds import by_strategy
from gatewayd.translator.problems import Unsupported
from gatewayd.translator.proxies.at_listener import ListenerOf, entry, in_force, rule_chain
from gatewayd.translator.proxies.global_limits import SECTION as LIMITS
from gatewayd.translator.proxies.processing import SECTION as PROCESSING
from gatewayd.translator.proxies.processing import processing
from gatewayd.translator.proxies.scripts import SECTION as LUA
from gatewayd.translator.rules.route_kinds import rules

_ANYWHERE = ()
_Asking = PolicyCheck | Login | Tokens | Processing


def _asks(row: AccessPolicy) -> list[tuple[()]]:
    return [_ANYWHERE] if any(_asks_any(given) for _, given in by_strategy(row)) else []


def _asks_any(given: AccessSections) -> bool:
    by_proxies = given.jwt is not None and any(each.keys.fetched_by == "Proxy" for each in given.jwt.providers)
    return by_proxies or (given.external_auth or given.oidc) is not None


def _closing(row: RoutePolicy) -> list[str]:
    """Return the sections of a policy that close rules where they cannot be honoured."""
    given = [each for _, each in by_strategy(row)]
    return [name for name in (PROCESSING, LIMITS, LUA) if any(getattr(each, name) is not None for each in given)]


_OF_ROUTES: Final = rows(RoutePolicy, _closing)
_OF_EXTENSIONS: Final = rows(
    EnvoyExtensionPolicy, lambda row: [name for name in ("extProc", "lua") if row.spec.get(name)]
)


ASKING = Index(
    name="policies_that_ask_servers",
    sources=(
        rows(AccessPolicy, _asks),
        rows(SecurityPolicy, lambda row: _asks(own_access(row))),
        rows(Ingress, lambda row: _asks(annotated_access(row))),
        replace(_OF_ROUTES, keys=lambda sections: (_ANYWHERE,) if PROCESSING in sections else ()),
        replace(_OF_EXTENSIONS, keys=lambda fields: (_ANYWHERE,) if "extProc" in fields else ()),
    ),
    group=ungrouped,
)
MAY_CLOSE = Index(
    name="route_policies_that_may_close",
    sources=tuple(
        replace(each, keys=lambda written: (_ANYWHERE,) if written else ()) for each in (_OF_ROUTES, _OF_EXTENSIONS)
    ),
    group=ungrouped,
)


@query
def any_asking(view: View, _everywhere: tuple[()]) -> bool:
    """Return whether any policy has a server asked: most clusters need not be asked further."""
    return view.count(ASKING, _ANYWHERE) > 0


@query
def any_closing(view: View, _everywhere: tuple[()]) -> bool:
    """Return whether any RoutePolicy has a section that closes rules where it cannot be honoured."""
    return view.count(MAY_CLOSE, _ANYWHERE) > 0


class GatewaySecret(NamedTuple):
    """A secret that the proxies of a Gateway need."""

    gateway: ObjectKey
    secret: SharedSecret


def policy_servers(view: View, member: Member) -> Iterator[GatewayUpstream]:
    """Yield the upstreams that policies lead to, for each Gateway of a route; some of them several times."""
    for gateway, http_filter in _asking(view, member):
        yield from (GatewayUpstream(gateway, upstream) for upstream in _upstreams(http_filter))


def servers_of(filters: Iterable[HTTPFilter]) -> Iterator[Upstream]:
    """Yield the upstreams that filters of policies ask; some of them several times."""
    yield from (upstream for each in filters if isinstance(each, _Asking) for upstream in _upstreams(each))


def _upstreams(http_filter: _Asking) -> tuple[Upstream, ...]:
    match http_filter:
        case PolicyCheck():
            return (http_filter.auth.upstream,)
        case Login():
            return (http_filter.provider,)
        case Processing():
            return (http_filter.upstream,)
        case Tokens():
            return tuple(each.keys.via for each in http_filter.issuers if isinstance(each.keys, ProxyKeySet))
        case _:
            assert_never(http_filter)


@query
def policy_secrets(view: View, member: Member) -> tuple[GatewaySecret, ...]:
    """Return what the logins of a route need, for each of its Gateways, each once."""
    logins = ((gateway, each) for gateway, each in _asking(view, member) if isinstance(each, Login))
    secrets = (
        GatewaySecret(gateway, secret)
        for gateway, login in logins
        for secret in (login.client_secret, login.session_key)
    )
    return tuple(dict.fromkeys(secrets))


SHARED_SECRETS = Index(
    name="shared_secrets_by_gateway",
    sources=tuple(Source(table=table, query=policy_secrets) for table in (HTTPRoute, GRPCRoute)),
    group=lambda key: key.gateway,
)


@query
def shared_secret(_view: View, key: GatewaySecret) -> SharedSecret:
    """Return the secret of a member of the index."""
    return key.secret


def _asking(view: View, member: Member) -> Iterator[tuple[ObjectKey, _Asking]]:
    if not any_asking(view, ()):
        return
    numbers = dict.fromkeys(each.route.source.rule for each in rules(view, member).routes)
    for parent in attachments(view, member):
        for attached in parent.attached:
            at = ListenerOf(parent.gateway, attached.listener)
            for number in numbers:
                asked = entry(view, rule_chain(view, at, member, number))
                seen = processing(view, in_force(view, at, member, number).route)
                for filters in (asked, seen):
                    for each in () if isinstance(filters, Closed | Unsupported) else filters:
                        if isinstance(each, _Asking):
                            yield parent.gateway, each
