import os
from typing import Any

import pytest
import typer
import yaml
from typer.testing import CliRunner

from gatewayd.cli.control_plane import app as serve
from gatewayd.cli.install import app
from gatewayd.cli.tenancy import LONGEST, check_tenancy, class_names
from gatewayd.run.serve_options import ServeOptions, decoded

RUNNER = CliRunner()


def served(monkeypatch: pytest.MonkeyPatch, *arguments: str, **variables: str) -> ServeOptions:
    """Return what the process would go on with."""
    lines: list[str] = []
    monkeypatch.setattr(os, "execv", lambda _path, words: lines.append(words[-1]))
    result = RUNNER.invoke(serve, list(arguments), env=variables)
    assert result.exit_code == 0, result.output
    return decoded(lines[0])


def test_what_install_prints_is_what_serve_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = ["--controller-name", "red.example/gatewayd", "--gateway-classes", "red, redder,red"]
    asked += ["--gateway-namespaces", "team=red", "--namespace", "red"]
    printed = RUNNER.invoke(app, ["--print", *asked]).stdout
    deployment: dict[str, Any] = next(each for each in yaml.safe_load_all(printed) if each["kind"] == "Deployment")
    [container] = deployment["spec"]["template"]["spec"]["containers"]
    variables = {each["name"]: each["value"] for each in container["env"] if "value" in each}
    options = served(monkeypatch, **variables)
    assert options.controller_name == "red.example/gatewayd"
    assert options.gateway_classes == ("red", "redder")
    assert options.gateway_namespaces == "team=red"


def test_without_them_everything_is_served(monkeypatch: pytest.MonkeyPatch) -> None:
    empty = dict.fromkeys(("CONTROLLER_NAME", "GATEWAY_CLASSES", "GATEWAY_NAMESPACES"), "")
    options = served(monkeypatch, **{f"GATEWAYD_{name}": value for name, value in empty.items()})
    assert options.environment.controller.endswith("/controller")
    assert (options.gateway_classes, options.gateway_namespaces) == ((), "")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--controller-name", "red"], "allowed: example.com/name, of 50 characters"),
        (["--controller-name", "a.b/" + "x" * LONGEST], "allowed: example.com/name, of 50 characters"),
        (["--controller-name", "a.b/c/d"], "allowed: example.com/name, of 50 characters"),
        (["--gateway-classes", "Red"], "is no name of a GatewayClass"),
        (["--gateway-namespaces", "team=="], None),
        (["--gateway-namespaces", "team in red"], "is no label selector; allowed: such as team=red"),
        (["--controller-name", "a.b/c"], "needs a namespace of its own: --namespace"),
        (["--controller-name", "a.b/c", "--namespace", "red", "--mesh"], "led to one mesh: --mesh is for"),
    ],
)
def test_what_cannot_be_is_said(arguments: list[str], says: str | None) -> None:
    result = RUNNER.invoke(app, ["--print", *arguments], env={"COLUMNS": "500"})
    assert (result.exit_code == 0) is (says is None)
    assert says is None or says in " ".join(result.stderr.split())


def test_names_of_classes_stand_between_commas() -> None:
    assert class_names(" a,b ,,a") == ("a", "b")
    assert class_names("") == ()
    with pytest.raises(typer.BadParameter):
        check_tenancy("a.b/c", "gatewayd-system", mesh=False)
    check_tenancy("a.b/c", "red", mesh=False)
