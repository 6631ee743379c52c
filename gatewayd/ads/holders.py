"""How many proxies of a Gateway hold a resource, for whoever asks of thousands of resources at once.

In: the ledgers of one type, and what is published of it. Out: a count by name, good until a stream says something.
Proxies that have everything and ask for the same names hold the same, so they are counted together: thousands of
resources at a thousand proxies cost thousands of looks, and not their product.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable
from typing import TypeAlias

from gatewayd.ads.protocol.ledger import Ledger
from gatewayd.xds.resource import Resources

HolderCount: TypeAlias = Callable[[str], int]
"""How many proxies have ACKed the published version of a resource of this name."""


def holder_count(ledgers: Iterable[Ledger], published: Resources) -> HolderCount:
    """Return what counts the proxies that have ACKed the published version of a resource."""
    alike: dict[Hashable, Ledger] = {}
    sizes: Counter[Hashable] = Counter()
    others: list[Ledger] = []
    for ledger in ledgers:
        if ledger.target is published and not (ledger.behind or ledger.flight or ledger.overtaken is not None):
            alike.setdefault(ledger.subscription.asked, ledger)
            sizes[ledger.subscription.asked] += 1
        else:
            others.append(ledger)

    def count(name: str) -> int:
        item = published.get(name)
        if item is None:
            return 0
        same = sum(sizes[asked] for asked, ledger in alike.items() if ledger.subscription.covers(name))
        return same + sum(ledger.has(name, item.version) for ledger in others)

    return count
