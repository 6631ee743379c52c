"""Where the rule that took a request stands in the files of a run."""

from collections.abc import Callable
from typing import Final, NamedTuple

from gatewayd.access_log.entry import RuleName
from gatewayd.api.meta import ObjectKey
from gatewayd.explain.route_chain import TABLES
from gatewayd.ir.http import rule_field
from gatewayd.manifests.admission import Identity
from gatewayd.manifests.folder import PlaceOf


class RulePlace(NamedTuple):
    """A line of a file; `file` "" where nothing is known."""

    file: str
    line: int


PlaceOfRule = Callable[[RuleName], RulePlace]

NOWHERE: Final = RulePlace("", 0)


def place_in_files(rule: RuleName, place_of: PlaceOf) -> RulePlace:
    """Return where a rule stands, or its route when it has none; NOWHERE when the route is gone."""
    table = TABLES.get(rule.kind)
    if table is None:
        return NOWHERE
    place = place_of(Identity(table.__name__, ObjectKey(rule.namespace, rule.name)))
    if place is None:
        return NOWHERE
    line = place.line if rule.rule is None else place.line_of(rule_field(rule.rule))
    return RulePlace(place.file, line)


def without_files(_rule: RuleName) -> RulePlace:
    """Return the answer of a run that reads no files."""
    return NOWHERE
