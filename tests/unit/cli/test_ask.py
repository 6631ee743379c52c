from pathlib import Path

import pytest
import typer

from gatewayd.cli.ask import _entrances
from gatewayd.cli.request_options import from_url
from gatewayd.introspection.rows import Condition, ConditionMark, GatewayRow, whole_board
from tests.unit.cli.command import Gatewayd

YES = Condition(mark=ConditionMark.TRUE, reason="")
GATEWAY = GatewayRow(
    name="default/web",
    listeners=("http :80 (served on :8080)", "https :8443", "other :8080"),
    address="127.0.0.1",
    accepted=YES,
    programmed=YES,
    acked_at="",
)
BOARD = whole_board(gateways=(GATEWAY,), routes=(), problems=(), notices=())


@pytest.mark.parametrize(
    ("url", "entrance"),
    [
        ("http://a.example/", ("127.0.0.1", 80, 8080)),
        ("https://a.example:8443/", ("127.0.0.1", 8443, 8443)),
        ("http://a.example:8080/", ("127.0.0.1", 80, 8080)),
    ],
)
def test_a_url_leads_to_a_listener(url: str, entrance: tuple[str, int, int]) -> None:
    assert _entrances(BOARD, "", from_url(url))[0][1:] == entrance


def test_a_port_that_is_no_listeners(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit):
        _entrances(BOARD, "web", from_url("https://a.example/"))
    assert "no listener of Gateway web has port 443; there are: 8080, 8443" in capsys.readouterr().err


def test_what_is_no_url(gatewayd: Gatewayd) -> None:
    assert gatewayd("ask", "shop.example").code == 1


def test_nobody_runs(gatewayd: Gatewayd, tmp_path: Path) -> None:
    assert gatewayd("ask", "http://shop.example/", "--socket", tmp_path / "none").code == 3
