"""What the commands without a running Envoy share: reading manifests."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gatewayd.cli.output import end
from gatewayd.run.exit_codes import INVALID

if TYPE_CHECKING:
    from gatewayd.offline.translation import Translation

STDIN: Final = Path("-")


def translation(paths: Sequence[Path]) -> "Translation":
    """Read and translate folders, files, and standard input ("-"); ends the program when one is not there."""
    from gatewayd.cli.environment import log_to_stderr
    from gatewayd.manifests.read_once import STDIN_NAME, NoManifestsError, parse, read_limited, read_paths
    from gatewayd.offline.translation import translate
    from gatewayd.run.clock import time_now

    # Else the log would stand between the lines that the command writes.
    log_to_stderr()
    try:
        if list(paths) == [STDIN]:
            return translate(parse({STDIN_NAME: read_limited(sys.stdin.buffer)}), time_now())
        return translate(read_paths(paths), time_now())
    except NoManifestsError as error:
        raise end(str(error), INVALID) from error
