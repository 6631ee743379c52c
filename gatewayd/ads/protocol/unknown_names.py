"""What the streams of one Gateway make us keep of names that its snapshot does not have.

In: what each stream owes, as it changes. Out: nothing, or ExhaustedError when it is too much for all of them together.
What a client names that the snapshot has is bounded by the snapshot, and streams share it; what it names besides is its
own words. Honest clients do so for seconds, when they come back with what is gone: so it is an account and no limit of
names, and who finds it empty comes again.
"""

from collections.abc import Collection, Iterable, Mapping

from gatewayd.ads.protocol.ledger import Ledger
from gatewayd.ads.protocol.subscription import WILDCARD, ExhaustedError
from gatewayd.ir.limits import STRANGE_BYTES, STRANGE_NAME, STRANGE_SHARE, VERSION_LENGTH
from gatewayd.xds.resource import Snapshot

_USUAL_NAME = 50
"""Characters of a name, on average."""


class Strangers:
    """The account of one Gateway: `spent` of `most`, in bytes."""

    __slots__ = ("most", "spent")

    def __init__(self) -> None:
        self.spent = 0
        self.most = STRANGE_BYTES

    def follow(self, snapshot: Snapshot) -> None:
        """Allow what fits a Gateway with this snapshot."""
        names = sum(map(len, snapshot.resources.values()))
        self.most = STRANGE_BYTES + STRANGE_SHARE * names * (STRANGE_NAME + _USUAL_NAME)

    def subscribing(self, ledger: Ledger, names: Collection[str], known: Collection[str]) -> None:
        """Count what a stream is about to ask for. Raises ExhaustedError, as the others do, with nothing counted."""
        unknown = strange(names, known)
        if unknown:
            ledger.debt += self._take(_cost(ledger.subscription.names.lacking(unknown)))

    def unsubscribing(self, ledger: Ledger, names: Collection[str], known: Collection[str]) -> None:
        """Count what a stream is about to let go of: under a wildcard each such name is answered first."""
        if not ledger.debt:
            return
        cost = min(ledger.debt, _cost(ledger.subscription.names.having(strange(names, known))))
        ledger.debt -= cost
        if ledger.subscription.wildcard:
            ledger.passing_debt += cost
        else:
            self.spent -= cost

    def replacing(self, ledger: Ledger, names: Collection[str], known: Collection[str]) -> None:
        """Count the whole list that a stream of the state-of-the-world variant is about to ask for."""
        cost = _cost(strange(names, known))
        self._take(cost - ledger.debt)
        ledger.debt = cost

    def declaring(self, ledger: Ledger, versions: Mapping[str, str], known: Collection[str]) -> None:
        """Count what a client says that it has and shall lose."""
        unknown = strange(versions, known)
        ledger.passing_debt += self._take(_cost(unknown) + VERSION_LENGTH * len(unknown))

    def settled(self, ledger: Ledger) -> None:
        """Forgive what a client owes for what it has lost by now."""
        if ledger.passing_debt and not ledger.behind and ledger.flight is None:
            self.spent -= ledger.passing_debt
            ledger.passing_debt = 0

    def recount(self, ledger: Ledger, known: Collection[str]) -> None:
        """Count anew what a stream has asked for before there was a snapshot."""
        debt = _cost(strange(ledger.subscription.names.whole(), known)) if ledger.debt else 0
        passing = min(ledger.passing_debt, _cost(strange(ledger.behind, known))) if ledger.passing_debt else 0
        self.spent += debt + passing - ledger.debt - ledger.passing_debt
        ledger.debt, ledger.passing_debt = debt, passing

    def forget(self, ledgers: Iterable[Ledger]) -> None:
        """Forgive all that a stream owes that has ended."""
        self.spent -= sum(ledger.debt + ledger.passing_debt for ledger in ledgers)

    def _take(self, cost: int) -> int:
        if cost > 0 and self.spent + cost > self.most:
            raise ExhaustedError(
                "resource_names_subscribe, initial_resource_versions: too many names that the Gateway does not have; "
                f"{self.most >> 20} MiB of them are allowed, of all its proxies together"
            )
        self.spent += cost
        return cost


def strange(names: Iterable[str], known: Collection[str]) -> list[str]:
    """Return the names that are not known; the wildcard is no name."""
    return [name for name in names if name not in known and name != WILDCARD]


def _cost(names: Collection[str]) -> int:
    return STRANGE_NAME * len(names) + sum(map(len, names))
