"""Which rules use a RouteFilter, and whether it does anything. Pure: made of the same queries that decided."""

from collections.abc import Iterator
from typing import Any, Final

from gatewayd.api.grpcroute import GRPCRoute
from gatewayd.api.httproute import HTTPRoute
from gatewayd.api.kinds import BY_STRUCT
from gatewayd.api.meta import ObjectKey
from gatewayd.api.routefilter import RouteFilter
from gatewayd.explain.steps import Knowledge, Mark, Step, member_name
from gatewayd.incremental.view import Member
from gatewayd.translator.rules.route_kinds import rules

_KIND: Final = BY_STRUCT[RouteFilter].group_kind
_TABLES: Final = (HTTPRoute, GRPCRoute)


def filter_chain(known: Knowledge, member: Member) -> Iterator[Step]:
    """Yield what a RouteFilter that exists does, and the rules that it does it for."""
    row = known.engine.get(RouteFilter, member.key)
    if row is None:
        return
    says = f"generation {row.metadata.generation}"
    yield Step(depth=0, mark=Mark.INFO, subject=member_name(member), says=says, place=known.place(member))
    uses = list(_uses(known, row.metadata.key))
    if not uses:
        says = "no rule names it in a filter of type ExtensionRef: it does nothing"
        yield Step(depth=1, mark=Mark.BAD, subject="rules", says=says)
    for route, field in uses:
        yield _use(known, route, field)


def _uses(known: Knowledge, key: ObjectKey) -> Iterator[tuple[Member, str]]:
    for table in _TABLES:
        for route, row in known.engine.rows(table):
            if row.metadata.namespace == key.namespace:
                for path, each in _filters(row):
                    ref = each.extension_ref
                    if ref is not None and ref.group_kind == _KIND and ref.name == key.name:
                        yield Member(table, route), path


def _filters(row: Any) -> Iterator[tuple[str, Any]]:
    """Yield the filters of a route with their fields."""
    for at, rule in enumerate(row.spec.rules):
        path = f"spec.rules[{at}]"
        yield from ((f"{path}.filters[{number}]", each) for number, each in enumerate(rule.filters))
        for backend, ref in enumerate(rule.backend_refs):
            inner = f"{path}.backendRefs[{backend}].filters"
            yield from ((f"{inner}[{number}]", each) for number, each in enumerate(ref.filters))


def _use(known: Knowledge, route: Member, field: str) -> Step:
    """Say how a use of it is; what is wrong with it stands in the verdicts on the route's references and rules."""
    ruled = rules(known.engine, route)
    verdicts = (ruled.refusal, ruled.unresolved, ruled.partial)
    wrong = next((each.message for each in verdicts if each is not None and field in each.message), "")
    mark = Mark.BAD if wrong else Mark.GOOD
    subject = f"{member_name(route)} {field}"
    return Step(depth=1, mark=mark, subject=subject, says=wrong or "uses it", place=known.place(route, field))
