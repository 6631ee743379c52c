"""`gatewayd`: finds the command and runs it.

Exit codes: 0 ok, 1 invalid input, 2 Envoy rejected it, 3 could not start.
"""

import importlib
import importlib.metadata
import sys
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Annotated, Any, Final

import typer
from typer import rich_utils

from gatewayd.cli.output import INVALID

COMMANDS: Final[Mapping[str, str]] = MappingProxyType({
    "demo": "gatewayd.cli.demo",
    "up": "gatewayd.cli.up",
    "status": "gatewayd.cli.status",
    "check": "gatewayd.cli.check",
    "explain": "gatewayd.cli.explain",
    "diff": "gatewayd.cli.diff",
    "translate": "gatewayd.cli.translate",
    "serve": "gatewayd.cli.control_plane",
})  # fmt: skip
"""Each command and the module whose `app` it is, in the order of the help."""


class _Commands(typer.core.TyperGroup):
    """Imports a command when it is asked for."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names in the order of the help."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return a command, None when there is none of that name."""
        del ctx
        module = COMMANDS.get(cmd_name)
        if module is None:
            return None
        command = typer.main.get_command(importlib.import_module(module).app)
        command.name = cmd_name
        return command


app = typer.Typer(cls=_Commands, no_args_is_help=True, add_completion=False, rich_markup_mode="rich")


def _show_version(wanted: bool) -> None:  # noqa: FBT001 (how typer calls it)
    if wanted:
        typer.echo(f"gatewayd {importlib.metadata.version('gatewayd')}")
        raise typer.Exit


@app.callback()
def gatewayd(
    *,
    version: Annotated[  # noqa: ARG001 (the callback has done it)
        bool, typer.Option("--version", help="Print the version.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    """Control plane for the Kubernetes Gateway API that runs Envoy: in a cluster, or from a folder of YAML."""


def run(arguments: Sequence[str] | None = None) -> None:
    """Run the command that the arguments name (those of the process when None) and exit."""
    try:
        code = typer.main.get_command(app).main(args=arguments, prog_name="gatewayd", standalone_mode=False)
    except typer.TyperException as error:
        # typer ends with 2 here, which is ours for "Envoy rejected it".
        rich_utils.rich_format_error(error)  # type: ignore[arg-type]
        code = INVALID
    except typer.Abort:
        code = INVALID
    sys.exit(code if isinstance(code, int) else 0)
