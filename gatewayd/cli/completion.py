"""`gatewayd completion SHELL`: the script that has a shell complete commands, options and objects."""

from enum import StrEnum
from typing import Annotated, Final

import typer

from gatewayd.cli.output import write_lines

app = typer.Typer(add_completion=False)

VARIABLE: Final = "_GATEWAYD_COMPLETE"
"""What the script sets when it asks for candidates; typer's convention."""


class Shell(StrEnum):
    """A shell that candidates can be written for."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


@app.command()
def completion(shell: Annotated[Shell, typer.Argument(help="bash, zsh or fish.")]) -> None:
    """Print the script that completes gatewayd in a shell.

    bash: eval "$(gatewayd completion bash)"; zsh: the same with zsh; fish: gatewayd completion fish | source
    """
    from typer._completion_shared import get_completion_script

    write_lines(get_completion_script(prog_name="gatewayd", complete_var=VARIABLE, shell=shell.value))
