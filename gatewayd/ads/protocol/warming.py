"""Which clusters one client has been sent and cannot use yet.

In: the ledgers of one stream, and the clusters that were sent. Out: those of a snapshot that are missing.
A cluster is made once the client has ACKed it and has all that it refers to, in any version; what it refused, or does
not ask for, it will never have, and nothing waits for that.
All is decided by sets: thousands of clusters are sent at once, and streams that begin together share most of these.
"""

from collections.abc import Iterable, Mapping

from gatewayd.ads.protocol.held import version_of
from gatewayd.ads.protocol.ledger import Ledger
from gatewayd.ads.sharing.cluster_dependencies import Needs, References
from gatewayd.ads.sharing.name_sets import NamePool
from gatewayd.xds.resource import CLUSTER, ENDPOINT, Snapshot, TypeUrl

_NONE: frozenset[str] = frozenset()


class Warming:
    """See the module's text."""

    __slots__ = ("_ledgers", "_making", "_names", "_references")

    def __init__(self, ledgers: Mapping[TypeUrl, Ledger], references: References, names: NamePool) -> None:
        self._ledgers = ledgers
        self._references = references
        self._names = names
        # Sent, and not known to be made.
        self._making = _NONE

    def sent(self, names: Iterable[str]) -> Needs:
        """Record that clusters were sent; return what they refer to."""
        sent = frozenset(names)
        # All streams that begin send the same: thousands of names, until they are ACKed.
        needs = self._references.of_all(self._ledgers[CLUSTER].target, sent)
        self._making = self._names.union(self._making - sent, needs.clusters)
        return needs

    def has_endpoints(self, names: Iterable[str]) -> bool:
        """Return whether the client has asked for, and has, the endpoints of these clusters and all else they need.

        It has taken them then, be it that it does not say so. Of one without endpoints of its own nothing tells that.
        """
        sent = frozenset(names)
        needs = self._references.of_all(self._ledgers[CLUSTER].target, sent)
        led = {user for (url, _), users in needs.users.items() if url == ENDPOINT for user in users}
        if not needs.clusters <= led:
            return False
        return not any(_absent(self._ledgers[url], named) for url, named in needs.named.items())

    def missing(self, routing: Snapshot) -> frozenset[str]:
        """Return the clusters of the snapshot that the client cannot use yet."""
        clusters = self._ledgers[CLUSTER]
        if self._making:
            unmade = self._unmade(clusters)
            if len(unmade) < len(self._making):
                self._making = unmade
        if not self._making and not clusters.behind:
            return _NONE
        wanted = routing.of(CLUSTER)
        missing = self._references.of_all(wanted, self._making).clusters
        unsent = [name for name in clusters.makes() if name in wanted]
        return missing.union(unsent) if unsent else missing

    def _unmade(self, clusters: Ledger) -> frozenset[str]:
        needs = self._references.of_all(clusters.target, self._making)
        asked = needs.clusters - clusters.subscription.lacking(needs.clusters)
        if clusters.refused:
            asked = asked.difference(clusters.refused)
        unmade = {
            name
            for name in clusters.unsettled(asked)
            if (version := version_of(clusters.held(name))) is None or version != clusters.target[name].version
        }
        if len(unmade) < len(asked):
            for type_url, names in needs.named.items():
                for name in _absent(self._ledgers[type_url], names):
                    unmade.update(needs.users[type_url, name])
        return asked.intersection(unmade) if len(unmade) < len(asked) else asked


def _absent(ledger: Ledger, names: frozenset[str]) -> list[str]:
    """Return those of the names of which the client has no version, and will get one."""
    lacking = ledger.subscription.lacking(names)
    unknown = [name for name in ledger.unsettled(names - lacking) if version_of(ledger.held(name)) is None]
    return [name for name in (*lacking, *unknown) if name in ledger.target and name not in ledger.refused]
