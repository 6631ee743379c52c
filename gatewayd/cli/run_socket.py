"""The run that a command asks: the one whose socket is named, else the youngest of this user.

In: what --socket says. Out: a socket and what answers there, or the end of the program with what to do.
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from gatewayd.cli.output import end
from gatewayd.run.exit_codes import CANNOT_START

if TYPE_CHECKING:
    from gatewayd.introspection.status import Status


def newest_run(named: Path | None = None) -> Path | None:
    """Return the socket of a run; None when no gatewayd of this user is running and none is named."""
    from gatewayd.cli.environment import settings
    from gatewayd.introspection.client import newest_socket

    return named or newest_socket(settings().runtime, os.geteuid())


def run_socket(named: Path | None, nobody: str) -> Path:
    """Return the socket of a run; ends the program with the words for `nobody` when there is none."""
    socket = newest_run(named)
    if socket is None:
        raise end(nobody, CANNOT_START)
    return socket


def status_of(socket: Path) -> "Status":
    """Return what a run says of itself; ends the program when nobody answers."""
    from gatewayd.introspection import client

    try:
        return client.fetch(socket)
    except client.NobodyError as error:
        raise end(str(error), CANNOT_START) from error
