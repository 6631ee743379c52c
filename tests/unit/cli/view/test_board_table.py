from dataclasses import replace
from io import StringIO

from rich.console import Console

from gatewayd.cli.view.board_table import changed_lines, draw
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


def drawn(board: Board, most_rows: int = 10, *, colours: bool = False) -> str:
    console = Console(file=StringIO(), width=140, force_terminal=colours, color_system="standard" if colours else None)
    console.print(draw(board, most_rows))
    file = console.file
    assert isinstance(file, StringIO)
    return file.getvalue()


def test_everything_is_on_the_board() -> None:
    text = drawn(BOARD)
    for word in ("default/web", "http :8080", "https :8443", "127.0.0.1", "HTTPRoute", "default/shop", "a.example"):
        assert word in text
    assert "no: BackendNotFound" in text
    assert "ACKed by 1/1 proxy in 9 ms" in text
    assert "Envoy restarts in 0.1 s" in text


def test_problems_are_red_and_their_text_is_text() -> None:
    text = drawn(BOARD, colours=True)
    assert "\x1b[31mshop.yaml:12: spec.rules: [red]must[/red] \\x1b[2J be a list" in text


def test_what_is_not_well_comes_first_and_the_rest_is_counted() -> None:
    well = [replace(ROUTE, name=f"default/well{n}", resolved_refs=YES) for n in range(5)]
    text = drawn(replace(BOARD, routes=(*well, ROUTE), problems=(PROBLEM,) * 4), most_rows=2)
    assert text.index("default/shop") < text.index("default/well0")
    assert "default/well1" not in text
    assert "and 4 more routes" in text
    assert "and 2 more problems" in text


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
