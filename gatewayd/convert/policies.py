"""The AccessPolicies and RoutePolicies of a route.

One for all of its rules, where they have the same sections; else one for each group of rules that have.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from gatewayd.api.refs import GATEWAY_GROUP
from gatewayd.convert.batches import batches, numbered
from gatewayd.convert.draft import JSON, DraftObject, DraftRoute, DraftRule
from gatewayd.own_group import API_VERSION

_MOST_TARGETS: Final = 16
_ROUTE: Final = {"group": GATEWAY_GROUP, "kind": "HTTPRoute"}

Part = tuple[str, Sequence[tuple[str, DraftRule]]]
"""An HTTPRoute by its name, with its rules by theirs."""


def policies(route: DraftRoute, parts: Sequence[Part]) -> Iterator[DraftObject]:
    """Yield the policies of a route that was written in parts."""
    yield from _policies(route, parts, "AccessPolicy", lambda rule: rule.access)
    yield from _policies(route, parts, "RoutePolicy", lambda rule: rule.passage)


def _policies(
    route: DraftRoute, parts: Sequence[Part], kind: str, sections_of: Callable[[DraftRule], JSON]
) -> Iterator[DraftObject]:
    groups: dict[str, tuple[JSON, list[JSON]]] = {}
    for name, rules in parts:
        for rule_name, rule in rules:
            sections = sections_of(rule)
            if sections:
                target = {**_ROUTE, "name": name, "sectionName": rule_name}
                groups.setdefault(repr(sections), (sections, []))[1].append(target)
    everywhere = len(groups) == 1 and sum(len(rules) for _, rules in parts) == len(next(iter(groups.values()))[1])
    number = 0
    for sections, targets in groups.values():
        wanted = [{**_ROUTE, "name": name} for name, _ in parts] if everywhere else targets
        for some in batches(wanted, _MOST_TARGETS):
            yield DraftObject(
                api_version=API_VERSION,
                kind=kind,
                namespace=route.namespace,
                name=numbered(route.name, number),
                spec={"targetRefs": list(some), "default": dict(sections)},
                origins=route.origins,
            )
            number += 1
