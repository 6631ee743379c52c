import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gatewayd.cli.explain import app
from tests.unit.translator.manifests import CART, documents
from tests.unit.translator.mesh.manifests import CONSUMER, ECHO, MESH, route

RUNNER = CliRunner()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    to_cart = "[{backendRefs: [{name: cart, port: 80}]}]"
    texts = (MESH, ECHO, CART, route(to="name: echo, port: 80", rules=to_cart), CONSUMER)
    for at, each in enumerate(documents(*texts)):
        (tmp_path / f"{at}.json").write_text(json.dumps(each))
    return tmp_path


def test_a_call_is_explained(folder: Path) -> None:
    found = RUNNER.invoke(app, [str(folder), "--from", "blog", "--to", "shop/echo:80"])
    assert found.exit_code == 0, found.output
    assert "by routes for callers of namespace 'blog'" in found.output
    assert "HTTPRoute blog/own" in found.output


def test_it_is_told_to_programs(folder: Path) -> None:
    found = RUNNER.invoke(app, [str(folder), "--from", "shop", "--to", "shop/echo", "-o", "json"])
    told = json.loads(found.output)
    assert told["request"]["host"] == "echo.shop"
    assert [each["result"] for each in told["answers"]] == ["rule", "none", "none"]


def test_a_call_that_nothing_is_for(folder: Path) -> None:
    found = RUNNER.invoke(app, [str(folder), "--from", "shop", "--to", "shop/echo:6379"])
    assert (found.exit_code, "as if there were no mesh" in found.output) == (1, True)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--from", "shop", "--to", "echo"], "--to echo: names no Service"),
        (["--from", "Shop!", "--to", "shop/echo"], "--from Shop!: is no namespace"),
        (["--to", "shop/echo"], "--from : is no namespace"),
    ],
)
def test_what_is_no_call(folder: Path, options: list[str], why: str) -> None:
    found = RUNNER.invoke(app, [str(folder), *options])
    assert found.exit_code == 1
    assert why in found.output
    assert "--from NAMESPACE --to NAMESPACE/SERVICE[:PORT] is allowed" in found.output


def test_without_a_folder_nobody_is_asked() -> None:
    found = RUNNER.invoke(app, ["--from", "shop", "--to", "shop/echo"])
    assert "without a folder nobody is asked" in found.output
