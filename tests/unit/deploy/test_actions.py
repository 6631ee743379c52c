"""The GitHub Action and the pre-commit hook call `gatewayd check` with options that it has."""

import re
from typing import Any

import typer
import yaml

from gatewayd.cli.main import app
from tests.unit.docs.test_links import ROOT

DEPLOY = ROOT / "deploy"


def options() -> set[str]:
    group: Any = typer.main.get_command(app)
    return {option for each in group.get_command(None, "check").params for option in each.opts}


def test_the_action_annotates() -> None:
    action = yaml.safe_load((DEPLOY / "github-action" / "action.yml").read_text(encoding="utf-8"))
    (run,) = [step["run"] for step in action["runs"]["steps"] if "gatewayd check" in step.get("run", "")]
    assert "--github" in run
    assert set(re.findall(r"--[a-z]+", run)) <= options()


def test_the_hook_is_strict() -> None:
    ((hook,),) = [
        each["hooks"] for each in yaml.safe_load((DEPLOY / "pre-commit.yaml").read_text(encoding="utf-8"))["repos"]
    ]
    command, *arguments = hook["entry"].split()[1:]
    assert command == "check"
    assert {each for each in arguments if each.startswith("-")} <= options()
    assert re.search(hook["files"], "gateway/shop/routes.yaml")
