"""Rules that an AccessPolicy is for: closed where the parent is a Service, since none is enforced there.

Whoever wrote the policy meant that not everybody gets through. Better nobody does than all.
"""

from collections.abc import Iterator
from typing import NamedTuple

from gatewayd.api.accesspolicy import AccessPolicy
from gatewayd.api.meta import ObjectKey
from gatewayd.incremental.view import Member, View
from gatewayd.ir.outcome import Verdict
from gatewayd.translator import verdicts
from gatewayd.translator.policies.effective import (
    NAMESPACE_KIND,
    NOTHING,
    Chain,
    ChainKey,
    Effective,
    ScopedTarget,
    any_inherited,
    effective,
)
from gatewayd.translator.proxies.at_listener import below_namespace
from gatewayd.translator.rules.route_kinds import service_rules


class RuleOf(NamedTuple):
    """A rule of a route."""

    member: Member
    number: int


def _chain(view: View, at: RuleOf) -> Chain:
    row = view.get(at.member.table, at.member.key)
    if row is None:
        return ()
    namespace = ScopedTarget(NAMESPACE_KIND, ObjectKey("", row.metadata.namespace), "")
    return (namespace, *below_namespace(view, at.member, at.number))


def _in_force(view: View, at: RuleOf) -> Effective:
    if not any_inherited(view, AccessPolicy):
        return NOTHING
    return effective(view, ChainKey(AccessPolicy, _chain(view, at)))


def closed_rule(view: View, at: RuleOf) -> bool:
    """Return whether an AccessPolicy is for a rule, or for the route or namespace that it stands in."""
    return _in_force(view, at) != NOTHING


def closed_by_access(view: View, member: Member) -> Verdict | None:
    """Return what is said of a route with such rules; None where there is none."""
    numbers = dict.fromkeys(each.route.source.rule for each in service_rules(view, member).routes)
    paths = ", ".join(_paths(view, member, numbers))
    if not paths:
        return None
    return verdicts.closed_by_policy(
        f"{paths}: an AccessPolicy is for it, and none is enforced where the parent is a Service; "
        "requests get a 500 as long as one is"
    )


def _paths(view: View, member: Member, numbers: dict[int, None]) -> Iterator[str]:
    yield from (f"spec.rules[{number}]" for number in numbers if closed_rule(view, RuleOf(member, number)))
