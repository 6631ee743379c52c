"""`gatewayd`: finds the command and runs it.

Exit codes: 0 ok, 1 invalid input, 2 Envoy rejected it, 3 could not start.
"""

import importlib
import sys
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Annotated, Any, Final, NamedTuple

import typer

from gatewayd.cli.output import code_after, fail, let_go, stand_in
from gatewayd.run.exit_codes import CANNOT_START, INVALID, OK
from gatewayd.settings import is_completing
from gatewayd.untrusted.printable import printable


class Row(NamedTuple):
    """Where a command is, and what the list of commands says of it: the first line of its own help."""

    module: str
    help: str


COMMANDS: Final[Mapping[str, Row]] = MappingProxyType({
    "demo": Row("demo", "Write an example, start it, and say what to ask it."),
    "up": Row("up", "Serve a folder of Gateway API YAML with Envoy; changes of files are in Envoy a moment later."),
    "status": Row("status", "Show Gateways, routes, proxies and problems of a running `gatewayd up`, or of a cluster."),
    "logs": Row("logs", "Show the requests that proxies have taken, each with the rule that took it."),
    "check": Row("check", "Check manifests as the API server and gatewayd would; --envoy asks Envoy too."),
    "explain": Row("explain", "Tell which rule gets a request and why the others do not; nothing is sent."),
    "why": Row("why", "Show why a route, a Gateway or a policy works or does not, down to backends and proxies."),
    "diff": Row("diff", "Show what would change in Envoy and in statuses, and which connections would drain."),
    "translate": Row("translate", "Show what manifests lead to: statuses, and xDS resources by Gateway and type."),
    "convert": Row("convert", "Convert what others serve to Gateway API objects, and report on each field."),
    "ask": Row(
        "ask", "Send a request through a proxy of a run or a cluster, and say which rule answered and which should."
    ),
    "proxy": Row(
        "proxy", "Show what the proxies of a run or a cluster really have; keys and passwords are never shown."
    ),
    "bundle": Row(
        "bundle", "Write an archive for whoever is to help: status, configuration and statistics, without secrets."
    ),
    "ui": Row(
        "ui", "Show the page of a cluster: what is served, what is broken, and which rule takes a request."
    ),
    "log-level": Row("log_level", "Show or set how much a running gatewayd logs, until it ends."),
    "serve": Row(
        "control_plane", "Serve a cluster's Gateways: watch the API server, feed the proxies, write statuses."
    ),
    "agent": Row("agent", "Lead what this node's pods send to Services with routes to its Envoy, while that is alive."),
    "install": Row("install", "Print the manifest that installs gatewayd into a cluster."),
    "version": Row("version", "Show the versions of gatewayd, Envoy, the CRDs that are known, and a running gatewayd."),
    "completion": Row("completion", "Print the script that completes gatewayd in a shell."),
})  # fmt: skip
"""The commands in the order of the help. The list is written without importing any of them."""

_ASK: Final = frozenset({"ask", "status", "logs", "why", "explain", "proxy", "bundle", "ui", "log-level", "version"})
"""Those that ask a run, or with --cluster the replicas of a cluster."""


class _Commands(typer.core.TyperGroup):
    """Imports a command when it is asked for, and none for the list of them."""

    _listing = False

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names in the order of the help."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return a command, None when there is none of that name."""
        del ctx
        row = COMMANDS.get(cmd_name)
        if row is None:
            return None
        if self._listing:
            return typer.core.TyperCommand(cmd_name, help=row.help)
        command = typer.main.get_command(importlib.import_module(f"gatewayd.cli.{row.module}").app)
        command.name = cmd_name
        return command

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return the command that the arguments begin with; of one that is none, say which may have been meant."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from gatewayd.manifests.nearest import nearest

            meant = nearest(args[0], COMMANDS)
            advice = f" Did you mean '{meant}'?" if meant is not None else ""
            ctx.fail(f"No such command '{args[0]}'.{advice}")
        return super().resolve_command(ctx, args)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the list of commands."""
        self._listing = True
        super().format_help(ctx, formatter)
        self._listing = False


app = typer.Typer(cls=_Commands, no_args_is_help=True, add_completion=False, rich_markup_mode="rich")


def _show_version(wanted: bool) -> None:  # noqa: FBT001 (how typer calls it)
    if wanted:
        typer.echo(f"gatewayd {importlib.import_module('importlib.metadata').version('gatewayd')}")
        raise typer.Exit


@app.callback()
def gatewayd(
    *,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    """Control plane for the Kubernetes Gateway API that runs Envoy: in a cluster, or from a folder of YAML."""


def _know_shells() -> None:
    """Have typer know the shells that it completes in: by itself it does so only where it adds options of its own."""
    from typer.completion import completion_init  # type: ignore[attr-defined]

    completion_init()


def _without_help(arguments: Sequence[str]) -> Sequence[str]:
    """Return `check --help` for `help check`."""
    return [*arguments[1:], "--help"] if arguments and arguments[0] == "help" else arguments


def kubectl_plugin() -> None:
    """Run as `kubectl gatewayd ...`: what asks a run asks the cluster of the kubeconfig.

    https://kubernetes.io/docs/tasks/extend-kubectl/kubectl-plugins/
    """
    run(in_cluster(sys.argv[1:]), program="kubectl gatewayd")


def in_cluster(arguments: Sequence[str]) -> Sequence[str]:
    """Return arguments with --cluster for a command that asks, unless they name a run."""
    names_run = any(each.partition("=")[0] == "--socket" for each in arguments)
    if not arguments or arguments[0] not in _ASK or names_run:
        return arguments
    return [arguments[0], "--cluster", *arguments[1:]]


def run(arguments: Sequence[str] | None = None, program: str = "gatewayd") -> None:
    """Run the command that the arguments name (those of the process when None) and exit."""
    stand_in()
    arguments = _without_help(sys.argv[1:] if arguments is None else arguments)
    if is_completing():
        _know_shells()
    try:
        code = typer.main.get_command(app).main(args=arguments, prog_name=program, standalone_mode=False)
    except typer.TyperException as error:
        # typer ends with 2 here, which is ours for "Envoy rejected it".
        error.message = printable(error.message)
        importlib.import_module("typer.rich_utils").rich_format_error(error)  # it takes half as long as all the rest
        code = INVALID
    except typer.Abort:
        code = INVALID
    except SystemExit:
        # So typer and rich, which write help, end when the reader has gone; commands write through `output`.
        code = OK
    except OSError as error:
        fail(f"standard output: {error.strerror}")
        code = CANNOT_START
    code = code_after(code if isinstance(code, int) else OK)
    let_go()
    sys.exit(code)
