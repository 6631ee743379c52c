from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console

from gatewayd.access_log.minute import NO_REQUESTS, Requests
from gatewayd.cli.view.board_table import Room, Traffic, changed_lines, draw, short
from gatewayd.introspection.rows import EMPTY, Acked, Board, Condition, ConditionMark, GatewayRow, RouteRow, whole_board
from gatewayd.manifests.documents import FileProblem

YES = Condition(mark=ConditionMark.TRUE, reason="Accepted")
NO = Condition(mark=ConditionMark.FALSE, reason="BackendNotFound")
WAITING = Condition(mark=ConditionMark.UNKNOWN, reason="")
GATEWAY = GatewayRow(
    name="default/web",
    listeners=("http :8080", "https :8443"),
    address="127.0.0.1",
    accepted=YES,
    programmed=WAITING,
    acked_at="",
)
ROUTE = RouteRow(
    kind="HTTPRoute",
    name="default/shop",
    hostnames=("a.example",),
    parents=("web",),
    accepted=YES,
    resolved_refs=NO,
    programmed=YES,
    acked=Acked(proxies=1, of=1, milliseconds=9.4),
)
PROBLEM = FileProblem(file="shop.yaml", line=12, message="spec.rules: [red]must[/red] \x1b[2J be a list")
BOARD = whole_board(gateways=(GATEWAY,), routes=(ROUTE,), problems=(PROBLEM,), notices=("Envoy restarts in 0.1 s",))


def drawn(board: Board, *, width: int = 140, height: int = 40, hints: tuple[str, ...] = ()) -> list[str]:
    return draw(board, Room(width=width, height=height), hints).plain.split("\n")


def test_everything_is_on_the_board() -> None:
    text = "\n".join(drawn(BOARD))
    for word in ("default/web", "http :8080", "https :8443", "127.0.0.1", "HTTPRoute", "default/shop", "a.example"):
        assert word in text
    assert "no: BackendNotFound" in text
    assert "1/1 9ms" in text
    assert "Envoy restarts in 0.1 s" in text


def test_counts_come_first_then_what_to_try_then_problems() -> None:
    lines = drawn(BOARD, hints=("try: curl x",))
    assert lines[:3] == [
        "1 Gateway, 1 route: 0 serving, 1 not; 1 file with problems",
        "try: curl x",
        "shop.yaml:12: spec.rules: [red]must[/red] \\x1b[2J be a list",
    ]


def test_problems_are_red_and_their_text_is_text() -> None:
    console = Console(file=StringIO(), width=140, force_terminal=True, color_system="standard")
    console.print(draw(BOARD, Room(width=140, height=40)))
    file = console.file
    assert isinstance(file, StringIO)
    assert "\x1b[31mshop.yaml:12: spec.rules: [red]must[/red] \\x1b[2J be a list" in file.getvalue()


def test_endpoints_and_the_last_minute_stand_beside_programmed() -> None:
    well = replace(ROUTE, resolved_refs=YES)
    rows = (replace(well, name="default/busy"), replace(well, name="default/idle"))
    traffic = {
        "httproute/default/busy": Traffic(endpoints=2, requests=Requests(120, 1, 3, 4)),
        "httproute/default/idle": Traffic(endpoints=None, requests=NO_REQUESTS),
    }
    board = whole_board(gateways=(), routes=rows, problems=(), notices=())

    shown = draw(board, Room(width=140, height=40), (), lambda row: traffic[row.object])

    head, busy, idle = shown.plain.split("\n")[1:]
    assert head.split()[3:7] == ["PROGRAMMED", "READY", "2XX/4XX/5XX", "PROXIES"]
    assert busy.split()[4:7] == ["yes", "2", "120/3/4"]
    assert idle.split()[4:7] == ["yes", "-", "-"]
    # Requests fail, whatever the conditions say.
    assert [str(span.style) for span in shown.spans if "busy" in shown.plain[span.start : span.end]] == ["red"]


def test_what_is_not_well_comes_first_and_the_rest_is_counted() -> None:
    well = tuple(replace(ROUTE, name=f"default/well{n}", resolved_refs=YES) for n in range(50))
    board = whole_board(gateways=(GATEWAY,), routes=(*well, ROUTE), problems=(PROBLEM,) * 30, notices=())
    text = "\n".join(drawn(board, height=24))
    assert text.index("default/shop") < text.index("default/well0")
    assert "and 22 more problems" in text
    assert "more routes" in text


@pytest.mark.parametrize(("width", "height"), [(80, 24), (120, 50), (20, 5), (300, 200)])
def test_a_board_fits_the_screen_whatever_is_on_it(width: int, height: int) -> None:
    long = "x" * 200
    rows = tuple(replace(ROUTE, name=f"default/{long}{n}", hostnames=(long,)) for n in range(300))
    problems = tuple(replace(PROBLEM, line=n, message=long) for n in range(100))
    board = whole_board(gateways=(GATEWAY,) * 20, routes=rows, problems=problems, notices=(long,) * 9)
    lines = drawn(board, width=width, height=height, hints=(long,) * 3)
    assert len(lines) <= height
    assert max(map(len, lines)) <= width
    assert lines[0].startswith("20 Gateways, 300"[:width])


def test_a_condition_is_short() -> None:
    condition = Condition(mark=ConditionMark.FALSE, reason="BackendNotFound: Service a: b")
    assert (short(condition), short(YES), short(WAITING)) == ("no: BackendNotFound", "yes", "-")


@pytest.mark.parametrize("reason", ["Pending: not ACKed yet", "Pending: no proxy is connected yet"])
def test_a_row_that_is_on_its_way_is_told_when_it_has_come(reason: str) -> None:
    pending = replace(GATEWAY, programmed=Condition(mark=ConditionMark.FALSE, reason=reason))
    waiting = whole_board(gateways=(pending,), routes=(), problems=(), notices=())
    there = replace(waiting, gateways=(replace(GATEWAY, programmed=YES),))
    assert changed_lines(EMPTY, waiting) == ()
    assert len(changed_lines(waiting, there)) == 1
    assert len(changed_lines(there, waiting)) == 1


def test_a_row_that_does_not_come_by_itself_is_told_at_once() -> None:
    stuck = replace(GATEWAY, programmed=Condition(mark=ConditionMark.FALSE, reason="Pending: no listener works"))
    assert len(changed_lines(EMPTY, whole_board(gateways=(stuck,), routes=(), problems=(), notices=()))) == 1


def test_plain_lines_tell_only_what_changed() -> None:
    conditions = "Accepted yes; ResolvedRefs no: BackendNotFound; Programmed yes"
    assert changed_lines(EMPTY, BOARD) == (
        "Gateway default/web: Accepted yes; Programmed -; http :8080, https :8443; 127.0.0.1",
        f"HTTPRoute default/shop: {conditions}; ACKed by 1/1 proxy in 9 ms",
        "shop.yaml:12: spec.rules: [red]must[/red] \\x1b[2J be a list",
        "Envoy restarts in 0.1 s",
    )
    assert changed_lines(BOARD, BOARD) == ()
    after = replace(BOARD, gateways=(replace(GATEWAY, programmed=YES),), routes=(), problems=(), notices=())
    assert changed_lines(BOARD, after) == (
        "Gateway default/web: Accepted yes; Programmed yes; http :8080, https :8443; 127.0.0.1",
        "HTTPRoute default/shop: gone",
        "solved: shop.yaml:12: spec.rules: [red]must[/red] \\x1b[2J be a list",
    )
