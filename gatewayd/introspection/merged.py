"""What the replicas of a control plane say of themselves, as one status.

Each replica knows what the proxies that are connected to it have; all of them judge the same objects alike.
In: statuses, each of a replica. Out: a `Status`: a route is as far as at the replica where it is furthest, and its
proxies are those of all.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import chain

from gatewayd.introspection.rows import Acked, ConditionMark, GatewayRow, RouteRow, whole_board
from gatewayd.introspection.status import GatewayVersion, Status


def merged(statuses: Sequence[Status], where: str) -> Status:
    """Return one status of at least one; `where` is what they serve together."""
    boards = [status.board for status in statuses]
    versions = _versions(statuses)
    return Status(
        board=whole_board(
            gateways=_gateways(chain.from_iterable(board.gateways for board in boards)),
            routes=_routes(chain.from_iterable(board.routes for board in boards)),
            problems=tuple(dict.fromkeys(chain.from_iterable(board.problems for board in boards))),
            notices=(*dict.fromkeys(chain.from_iterable(board.notices for board in boards)), *_apart(versions)),
        ),
        proxies=tuple(
            sorted((row for status in statuses for row in status.proxies), key=lambda row: (row.gateway, row.node))
        ),
        snapshots=tuple(GatewayVersion(gateway=name, version=next(iter(of))) for name, of in sorted(versions.items())),
        folder=where,
        version=", ".join(sorted({status.version for status in statuses})),
    )


def _versions(statuses: Iterable[Status]) -> dict[str, dict[str, None]]:
    """Return the versions that are published for each Gateway, by whichever replica."""
    versions: dict[str, dict[str, None]] = {}
    for each in (each for status in statuses for each in status.snapshots):
        versions.setdefault(each.gateway, {})[each.version] = None
    return versions


def _apart(versions: dict[str, dict[str, None]]) -> list[str]:
    """Say where replicas differ, which passes unless they are of different releases."""
    return [f"{name}: replicas publish {len(of)} versions" for name, of in sorted(versions.items()) if len(of) > 1]


def _gateways(rows: Iterable[GatewayRow]) -> tuple[GatewayRow, ...]:
    by_name: dict[str, GatewayRow] = {}
    for row in rows:
        before = by_name.setdefault(row.name, row)
        if row.programmed.mark is ConditionMark.TRUE and before.programmed.mark is not ConditionMark.TRUE:
            by_name[row.name] = row
    return tuple(by_name[name] for name in sorted(by_name))


def _routes(rows: Iterable[RouteRow]) -> tuple[RouteRow, ...]:
    by_name: dict[tuple[str, str], list[RouteRow]] = {}
    for row in rows:
        by_name.setdefault((row.kind, row.name), []).append(row)
    return tuple(_route(by_name[name]) for name in sorted(by_name))


def _route(rows: list[RouteRow]) -> RouteRow:
    furthest = max(rows, key=lambda row: row.programmed.mark is ConditionMark.TRUE)
    acked = [row.acked for row in rows if row.acked is not None]
    if not acked:
        return furthest
    return replace(
        furthest,
        acked=Acked(
            proxies=sum(each.proxies for each in acked),
            # Every replica counts the proxies of all.
            of=max(each.of for each in acked),
            milliseconds=max(each.milliseconds for each in acked),
        ),
    )
