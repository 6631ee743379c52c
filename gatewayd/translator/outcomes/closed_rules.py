"""Which rules of a route answer 500, since a policy in force for them cannot be honoured: said on the route.

Whoever looks after a route need not look after the policy. What is said names the policy and the section, so that it
stays the same value, and nothing is written, while the policy is mended step by step.
"""

from collections.abc import Iterator
from typing import NamedTuple

from gatewayd.api.accesspolicy import AccessPolicy
from gatewayd.api.meta import ObjectKey
from gatewayd.api.routepolicy import RoutePolicy
from gatewayd.incremental.view import Member, View, query
from gatewayd.ir.filters import ExternalAuth
from gatewayd.ir.http import Route, RuleRef, rule_field
from gatewayd.ir.outcome import Verdict
from gatewayd.translator import verdicts
from gatewayd.translator.attachment import ParentAttachment
from gatewayd.translator.policies.closed import Closed, closed
from gatewayd.translator.policies.effective import Chain, ChainKey, any_inherited, effective
from gatewayd.translator.problems import Unsupported
from gatewayd.translator.proxies.at_listener import ListenerOf, entry, entry_of, rule_chain
from gatewayd.translator.proxies.connection_clients import CONNECTION_TABLES, client_rules
from gatewayd.translator.proxies.global_limits import SECTION as LIMITS
from gatewayd.translator.proxies.global_limits import global_limits
from gatewayd.translator.proxies.policy_servers import any_closing
from gatewayd.translator.proxies.processing import SECTION as PROCESSING
from gatewayd.translator.proxies.processing import processing
from gatewayd.translator.proxies.scripts import SECTION as LUA
from gatewayd.translator.proxies.scripts import scripts
from gatewayd.translator.proxies.virtualhosts import HTTP_TABLES
from gatewayd.translator.rules.route_kinds import rules

_WHOLE = 0
"""The rules of a route of connections are one."""
_ANY_RULE = RuleRef(kind="", namespace="", name="", rule=0, match=0)
"""Whether requests may go on uncounted does not depend on the rule."""


@query
def requests_closed(view: View, chain: Chain) -> str:
    """Return what closes the requests of the last target of a chain, "" for nothing: the same text for many routes."""
    asked = entry(view, chain)
    return str(asked) if isinstance(asked, Closed) else ""


@query
def connections_closed(view: View, chain: Chain) -> str:
    """Return what closes the connections of the last target of a chain, "" for nothing."""
    clients = client_rules(effective(view, ChainKey(AccessPolicy, chain)))
    return str(clients) if isinstance(clients, Closed) else ""


class PassageKey(NamedTuple):
    """The last target of a chain, at a Gateway."""

    gateway: ObjectKey
    chain: Chain


@query
def passage_closed(view: View, key: PassageKey) -> str:
    """Return what of RoutePolicies closes requests that may come in, "" for nothing."""
    found = effective(view, ChainKey(RoutePolicy, key.chain))
    read = {
        LIMITS: global_limits(view, key.gateway, _ANY_RULE, found),
        PROCESSING: processing(view, found),
        LUA: scripts(view, key.gateway, found),
    }
    for section, filters in read.items():
        if isinstance(filters, Unsupported):
            return str(closed(found, next(found.of(section)), filters.message, table=RoutePolicy))
    return ""


def closed_rules(view: View, member: Member, parent: ParentAttachment) -> Verdict | None:
    """Return what is said of a route whose rules are closed at a parent; None where none is."""
    if not any_inherited(view, AccessPolicy) and not any_closing(view, ()):
        return None
    by_reason: dict[str, dict[str, None]] = {}
    for attached in parent.attached:
        for path, reason in _closed(view, ListenerOf(parent.gateway, attached.listener), member):
            by_reason.setdefault(reason, {})[path] = None
    if not by_reason:
        return None
    instead = "connections are closed" if member.table in CONNECTION_TABLES else "requests get a 500"
    told = (f"{', '.join(paths)}: {reason}" for reason, paths in by_reason.items())
    return verdicts.closed_by_policy(f"{'; '.join(told)}; {instead} until then")


def _closed(view: View, at: ListenerOf, member: Member) -> Iterator[tuple[str, str]]:
    """Yield the path of each closed rule, and what closes it."""
    if member.table in CONNECTION_TABLES:
        if reason := connections_closed(view, rule_chain(view, at, member, _WHOLE)):
            yield "spec.rules", reason
    elif member.table in HTTP_TABLES:
        routes = {each.route.source.rule: each.route for each in rules(view, member).routes}
        for number, route in routes.items():
            chain = rule_chain(view, at, member, number)
            reason = _requests_closed(view, chain, route)
            if not reason and any_closing(view, ()):
                reason = passage_closed(view, PassageKey(at.gateway, chain))
            if reason:
                yield rule_field(number), reason


def _requests_closed(view: View, chain: Chain, route: Route) -> str:
    """Return what closes a rule; its own filters are looked at only where they may have a part in it."""
    reason = requests_closed(view, chain)
    if reason or not any(isinstance(each, ExternalAuth) for each in route.filters):
        return reason
    asked = entry_of(view, chain, route)
    return str(asked) if isinstance(asked, Closed) else ""
