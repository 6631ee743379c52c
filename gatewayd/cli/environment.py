"""What the environment says, to commands: settings, and how they log."""

import sys
from typing import Final

from gatewayd.cli.output import end
from gatewayd.run.exit_codes import INVALID
from gatewayd.settings import Settings, SettingsError, from_environment
from gatewayd.telemetry import logs

LOG_LEVEL: Final = "error"
"""What Envoy warns of at each end of a run is no news; GATEWAYD_LOG_LEVEL shows it."""


def settings() -> Settings:
    """Return what the environment says, or end."""
    try:
        return from_environment()
    except SettingsError as error:
        raise end(str(error), INVALID) from error


def log_to_stderr() -> None:
    """Write what goes wrong, and more where the environment asks for it, to standard error."""
    found = settings()
    logs.configure(found.log_level or LOG_LEVEL, logs.destination_for(sys.stderr, found.log_format))
