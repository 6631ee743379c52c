import importlib
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from gatewayd.cli.main import COMMANDS, in_cluster, kubectl_plugin
from tests.fakes.pod_ports import written_kubeconfig
from tests.unit.cli.command import Gatewayd


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_says_what_each_command_says_of_itself(name: str) -> None:
    command = typer.main.get_command(importlib.import_module(f"gatewayd.cli.{COMMANDS[name].module}").app)

    assert (command.help or "").split("\n")[0] == COMMANDS[name].help


def test_help_lists_the_commands(gatewayd: Gatewayd) -> None:
    ran = gatewayd("--help")

    assert ran.code == 0
    assert all(name in ran.out for name in COMMANDS)


def test_the_version_is_that_of_the_package(gatewayd: Gatewayd) -> None:
    assert gatewayd("--version").out.startswith("gatewayd 0.")


@pytest.mark.parametrize(
    "arguments", [(), ("nonsense",), ("check",), ("check", "--nonsense", "x"), ("up", "--port", "x")]
)
def test_what_is_not_understood_is_invalid_input(gatewayd: Gatewayd, arguments: tuple[str, ...]) -> None:
    assert gatewayd(*arguments).code == 1


@pytest.mark.parametrize("name", [name for name in COMMANDS if name not in ("serve", "install")])
def test_help_of_a_command_imports_neither_grpc_nor_kubernetes(name: str) -> None:
    code = (
        "import sys\n"
        "from gatewayd.cli.main import run\n"
        "try:\n"
        f"    run(['{name}', '--help'])\n"
        "except SystemExit:\n"
        "    pass\n"
        "heavy = {'grpc', 'kubernetes_asyncio', 'envoy', 're2'} & set(sys.modules)\n"
        "sys.exit(f'{heavy}' if heavy else 0)\n"
    )

    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_what_only_errors_and_versions_need_waits_for_them() -> None:
    code = (
        "import sys, gatewayd.cli.main\n"
        "late = {'typer.rich_utils', 'rich.markdown', 'importlib.metadata'} & set(sys.modules)\n"
        "sys.exit(', '.join(late) or 0)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_as_a_plugin_of_kubectl_a_cluster_is_asked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = written_kubeconfig(tmp_path, "http://127.0.0.1:1")
    monkeypatch.setattr(sys, "argv", ["kubectl-gatewayd", "status", "--kubeconfig", str(file)])

    with pytest.raises(SystemExit) as ended:
        kubectl_plugin()

    assert ended.value.code == 3
    assert "127.0.0.1" in capsys.readouterr().err


def test_a_plugin_knows_the_commands_that_ask_nobody(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["kubectl-gatewayd", "check", "--help"])

    with pytest.raises(SystemExit) as ended:
        kubectl_plugin()

    assert ended.value.code == 0
    assert "kubectl gatewayd check" in capsys.readouterr().out


@pytest.mark.parametrize("name", COMMANDS)
def test_a_plugin_asks_the_cluster_with_every_command_that_can(name: str) -> None:
    command = typer.main.get_command(importlib.import_module(f"gatewayd.cli.{COMMANDS[name].module}").app)
    can = any("--cluster" in parameter.opts for parameter in command.params)

    assert in_cluster([name, "it"]) == ([name, "--cluster", "it"] if can else [name, "it"])


@pytest.mark.parametrize("named", [["--socket", "here"], ["--socket=here"]])
def test_a_run_that_is_named_is_asked_by_the_plugin_too(named: list[str]) -> None:
    assert in_cluster(["status", *named]) == ["status", *named]
