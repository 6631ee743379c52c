"""Namespaces that AccessPolicies name as callers of Services: each has a view of its own.

Whose requests come by a view is known by the redirect of a node, so that a condition holds for all that comes by a
view, or for nothing of it. Whoever is not known to be of a named namespace comes by the view for everybody.
"""

from typing import Final

from gatewayd.api.accesspolicy import AccessPolicy, Authorization
from gatewayd.incremental.view import Member, View, rescued_query
from gatewayd.translator.mesh.claims import claims
from gatewayd.translator.mesh.frontends import EVERYBODY
from gatewayd.translator.policies.effective import ChainKey, any_inherited, effective
from gatewayd.translator.proxies.at_listener import from_namespace

_SECTION: Final = "authorization"


def _nobody(_view: View, _member: Member, _error: Exception, _before: frozenset[str] | None) -> frozenset[str]:
    """Know of no caller where he is from: such a one passes no condition."""
    return frozenset()


@rescued_query(_nobody)
def named_callers(view: View, member: Member) -> frozenset[str]:
    """Return the namespaces that policies for rules of a route name, where it is one for whoever calls."""
    row = view.get(member.table, member.key) if any_inherited(view, AccessPolicy) else None
    if row is None or not _is_for_everybody(view, member):
        return frozenset()
    chains = dict.fromkeys(from_namespace(view, row, member.table, number) for number in range(len(row.spec.rules)))
    in_force = (each for chain in chains for each in effective(view, ChainKey(AccessPolicy, chain)).of(_SECTION))
    return frozenset(name for each in in_force if isinstance(each.value, Authorization) for name in _named(each.value))


def _is_for_everybody(view: View, member: Member) -> bool:
    return any(each.view == EVERYBODY for parent in claims(view, member) for each in parent.frontends)


def _named(section: Authorization) -> frozenset[str]:
    return frozenset(name for condition in section.allow for name in condition.namespaces)
