"""The settings of a command, read from the environment, and where its log goes."""

import sys
from typing import Final

from gatewayd.cli.output import end
from gatewayd.run.exit_codes import INVALID
from gatewayd.settings import Settings, SettingsError, from_environment
from gatewayd.telemetry import logs

LOG_LEVEL: Final = "error"
"""Envoy warns at the end of every run; GATEWAYD_LOG_LEVEL=warning shows that too."""


def settings() -> Settings:
    """Return the settings of the environment; end the program when one of them is not valid."""
    try:
        return from_environment()
    except SettingsError as error:
        raise end(str(error), INVALID) from error


def log_to_stderr() -> None:
    """Write errors to standard error; GATEWAYD_LOG_LEVEL asks for more."""
    chosen = settings()
    logs.configure(chosen.log_level or LOG_LEVEL, logs.destination_for(sys.stderr, chosen.log_format))
