"""`gatewayd log-level`: how much a running control plane logs."""

from enum import StrEnum
from typing import Annotated

import typer

from gatewayd.cli.asked_run import AskedFor, asked_run, asking, each_answer
from gatewayd.cli.output import write

app = typer.Typer(add_completion=False)


class LogLevel(StrEnum):
    """The levels of gatewayd/settings.py."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@app.command()
@asking
def log_level(
    level: Annotated[LogLevel | None, typer.Argument(help="From this level on. Default: only show it.")] = None,
    *,
    asked_for: AskedFor,
) -> None:
    """Show or set how much a running gatewayd logs, until it ends.

    In a cluster it is that of every replica. Proxies have levels of their own: `gatewayd proxy logging`.

    Exit codes: 0, 3 when nobody answers.
    """
    from gatewayd.introspection.client import set_log_level

    wanted = "" if level is None else level.value
    with asked_run(asked_for) as asked:
        for name, answer in each_answer(asked, lambda path: set_log_level(path, wanted)).items():
            write(f"{name}: {answer}" if name else answer)
