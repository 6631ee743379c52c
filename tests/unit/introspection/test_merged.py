"""Two replicas, each of which knows its own proxies."""

from dataclasses import replace

from gatewayd.introspection.merged import merged
from gatewayd.introspection.rows import Acked, Condition, ConditionMark, whole_board
from gatewayd.introspection.status import GatewayVersion, Status
from tests.unit.introspection.statuses import BOARD, GOOD, STATUS

WAITS = Condition(mark=ConditionMark.FALSE, reason="Pending: not ACKed yet")


def replica(node: str, programmed: Condition, acked: Acked | None) -> Status:
    route = replace(BOARD.routes[0], programmed=programmed, acked=acked)
    board = whole_board(
        gateways=(replace(BOARD.gateways[0], programmed=programmed),),
        routes=(route,),
        problems=BOARD.problems,
        notices=(f"{node} says this", "both say this"),
    )
    return replace(STATUS, board=board, proxies=(replace(STATUS.proxies[0], node=node),))


def test_what_one_replica_knows_is_enough() -> None:
    first = replica("b", WAITS, None)
    second = replica("a", GOOD, Acked(proxies=1, of=2, milliseconds=3.0))

    both = merged((first, second), "the cluster")

    assert [row.programmed for row in (*both.board.gateways, *both.board.routes)] == [GOOD, GOOD]
    assert both.board.routes[0].acked == Acked(proxies=1, of=2, milliseconds=3.0)
    assert [proxy.node for proxy in both.proxies] == ["a", "b"]
    assert both.board.notices == ("b says this", "both say this", "a says this")
    assert (both.folder, both.version, both.board.problems) == ("the cluster", "0.1.0", BOARD.problems)


def test_proxies_of_all_are_counted() -> None:
    first = replica("a", GOOD, Acked(proxies=1, of=3, milliseconds=9.0))
    second = replica("b", GOOD, Acked(proxies=2, of=3, milliseconds=3.0))

    assert merged((first, second), "").board.routes[0].acked == Acked(proxies=3, of=3, milliseconds=9.0)


def test_replicas_that_differ_are_said() -> None:
    first = replica("a", GOOD, None)
    second = replace(first, snapshots=(GatewayVersion(gateway="default/web", version="other"),), version="0.2.0")

    both = merged((first, second), "")

    assert both.board.notices[-1] == "default/web: replicas publish 2 versions"
    assert both.version == "0.1.0, 0.2.0"


def test_one_replica_is_as_it_says() -> None:
    assert merged((STATUS,), STATUS.folder) == STATUS
