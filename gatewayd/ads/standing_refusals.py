"""What the streams of a fleet refuse, from the NACK until they have taken something else in its place.

A NACK is of one version. When the next one is published nobody has refused that yet; but a proxy that goes on with what
it had before the first is held back all the same, and each edit of a table that stays bad would take that back for a
moment.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from gatewayd.ads.protocol.session import Session
from gatewayd.ir.outcome import StandingRefusal
from gatewayd.xds.resource import Snapshot, TypeUrl


class StreamRefusal(NamedTuple):
    """What a stream refuses of one resource: which version, and in which words."""

    type_url: TypeUrl
    name: str
    version: str
    message: str


StreamRefusals = frozenset[StreamRefusal]


def stream_refusals(session: Session, before: StreamRefusals) -> StreamRefusals:
    """Return what a stream refuses now: its NACKs, and of those of `before` what it has taken nothing else of."""
    return frozenset(
        (
            *(
                StreamRefusal(url, name, refusal.version, refusal.message)
                for url, ledger in session.ledgers.items()
                for name, refusal in ledger.own_refusals()
            ),
            *(each for each in before if _is_open(session, each)),
        )
    )


def _is_open(session: Session, refusal: StreamRefusal) -> bool:
    """Return whether a stream has yet to take, or to refuse, what was published in place of what it refused."""
    ledger, name = session.ledgers[refusal.type_url], refusal.name
    if name not in ledger.target or name in ledger.refused or not ledger.subscription.covers(name):
        return False
    return bool(ledger.unsettled(frozenset((name,))))


def standing_refusals(
    refusals: Mapping[StreamRefusal, int], latest: Snapshot | None, judging: int
) -> Iterator[StandingRefusal]:
    """Yield what is refused of the resources that are published, sorted; `refusals` counts the streams of each.

    `judging` streams say something for or against what is published.
    """
    by_resource: dict[tuple[TypeUrl, str], list[StreamRefusal]] = {}
    for each in sorted(refusals):
        if latest is not None and each.name in latest.of(each.type_url):
            by_resource.setdefault((each.type_url, each.name), []).append(each)
    for (type_url, name), of_resource in by_resource.items():
        proxies, words = sum(refusals[each] for each in of_resource), _latest(of_resource, latest).message
        of = max(judging, proxies)
        yield StandingRefusal(type_url=type_url, name=name, message=words, proxies=proxies, of=of)


def _latest(of_resource: list[StreamRefusal], latest: Snapshot | None) -> StreamRefusal:
    """Return the refusal of what is published, the first one if nobody has refused that yet."""
    first = of_resource[0]
    item = latest.of(first.type_url).get(first.name) if latest is not None else None
    return next((each for each in of_resource if item is not None and each.version == item.version), first)
