"""Matches that stand in no route table, since a match of everything goes before them on each of their hosts.

The translator leaves out what comes after such a match, so that the tables alone do not tell. In: route tables and a
route. Out: `Shadow`s, as for matches that are in the tables.
"""

from collections.abc import Iterable, Iterator

from gatewayd.explain.shadows import Shadow, rule_of
from gatewayd.incremental.view import Member, View
from gatewayd.ir.http import PrefixPath, RequestMatch, RouteTable, RuleRef
from gatewayd.translator.attachment import attachments
from gatewayd.translator.rules.route_kinds import rules


class Reached:
    """The matches that stand in route tables, and for each domain the one that takes everything that is left."""

    def __init__(self, tables: Iterable[RouteTable]) -> None:
        self._matches: set[RuleRef] = set()
        self._last: dict[tuple[int, str], RuleRef] = {}
        for table in tables:
            for host in table.virtual_hosts:
                self._matches.update(route.source for route in host.routes)
                if host.routes and _takes_all(host.routes[-1].match):
                    self._last.setdefault((table.key.port, host.domain), host.routes[-1].source)

    def cut_off(self, view: View, member: Member) -> Iterator[Shadow]:
        """Yield the matches of a route that are in no table, with what goes before them."""
        attached = (each for parent in attachments(view, member) for each in parent.attached)
        # A host at a port that nothing is served at, such as one without a certificate, is cut off by nobody.
        domains = dict.fromkeys((each.port.port, pair.effective) for each in attached for pair in each.hosts)
        winners = [self._last[domain] for domain in domains if domain in self._last]
        if not winners or len(winners) < len(domains):
            return
        for ranked in rules(view, member).routes:
            source = ranked.route.source
            if source not in self._matches and rule_of(source) != rule_of(winners[0]):
                yield Shadow(source, winners[0])


def _takes_all(match: RequestMatch) -> bool:
    is_root = isinstance(match.path, PrefixPath) and not match.path.value.strip("/")
    return is_root and not (match.methods or match.headers or match.queries or match.grpc)
