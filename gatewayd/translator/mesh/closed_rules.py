"""Rules that an AccessPolicy is for: closed where the parent is a Service, since none is enforced there.

Whoever wrote the policy meant that not everybody gets through. Better nobody does than all.
"""

from typing import NamedTuple

from gatewayd.api.accesspolicy import AccessPolicy
from gatewayd.incremental.view import Member, View
from gatewayd.ir.http import rule_field
from gatewayd.ir.outcome import Verdict
from gatewayd.translator import verdicts
from gatewayd.translator.policies.effective import NOTHING, ChainKey, any_inherited, effective
from gatewayd.translator.proxies.at_listener import from_namespace
from gatewayd.translator.rules.route_kinds import service_rules


class RuleOf(NamedTuple):
    """A rule of a route."""

    member: Member
    number: int


def closed_rule(view: View, at: RuleOf) -> bool:
    """Return whether an AccessPolicy is for a rule, or for the route or namespace that it stands in."""
    row = view.get(at.member.table, at.member.key) if any_inherited(view, AccessPolicy) else None
    if row is None:
        return False
    chain = from_namespace(view, row, at.member.table, at.number)
    return effective(view, ChainKey(AccessPolicy, chain)) != NOTHING


def closed_by_access(view: View, member: Member) -> Verdict | None:
    """Return what is said of a route with such rules; None where there is none."""
    numbers = dict.fromkeys(each.route.source.rule for each in service_rules(view, member).routes)
    paths = ", ".join(rule_field(number) for number in numbers if closed_rule(view, RuleOf(member, number)))
    if not paths:
        return None
    return verdicts.closed_by_policy(
        f"{paths}: an AccessPolicy is for it, and none is enforced where the parent is a Service; "
        "requests get a 500 as long as one is"
    )
