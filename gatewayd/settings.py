"""What the environment of the process says. The only reader of `os.environ`.

In: the environment's variables. Out: frozen `Settings`; what is not set is None, and the caller's own default holds.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

LOG_LEVELS: Final = ("debug", "info", "warning", "error")
LOG_FORMATS: Final = ("console", "json")


class SettingsError(Exception):
    """A variable of the environment has a value that means nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """`runtime`: the user's folder for sockets. `envoy`: the binary to run. `log_format` None: by stderr's kind."""

    runtime: Path | None
    envoy: Path | None
    log_level: str | None
    log_format: str | None


def from_environment() -> Settings:
    """Read the environment of this process; raises SettingsError."""
    return read(os.environ)


def read(variables: Mapping[str, str]) -> Settings:
    """Read XDG_RUNTIME_DIR, GATEWAYD_ENVOY, GATEWAYD_LOG_LEVEL and GATEWAYD_LOG_FORMAT; raises SettingsError.

    https://specifications.freedesktop.org/basedir-spec/latest/
    """
    return Settings(
        runtime=_path(variables.get("XDG_RUNTIME_DIR")),
        envoy=_path(variables.get("GATEWAYD_ENVOY")),
        log_level=_one_of("GATEWAYD_LOG_LEVEL", variables, LOG_LEVELS),
        log_format=_one_of("GATEWAYD_LOG_FORMAT", variables, LOG_FORMATS),
    )


def _path(text: str | None) -> Path | None:
    return Path(text) if text else None


def _one_of(name: str, variables: Mapping[str, str], allowed: tuple[str, ...]) -> str | None:
    value = variables.get(name, "").lower()
    if value and value not in allowed:
        raise SettingsError(f"{name}: {value!r} is not known; allowed: {', '.join(allowed)}")
    return value or None
