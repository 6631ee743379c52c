"""Runs a command in this process such that it dies with the process that asked for it (Linux).

`python -I -S launch.py PARENT_PID COMMAND ARGUMENT...`. A file of its own and not a `preexec_fn`, because no Python may
run between fork and exec of a process that has threads. The kernel forgets the wish when it executes a file that has
capabilities or set-user-id bits (prctl(2), PR_SET_PDEATHSIG); elsewhere than on Linux nothing of the kind exists.

Exit status when the command cannot be run: 126, with the reason on standard error.
"""

import ctypes
import os
import signal
import sys

CANNOT_RUN = 126
_PR_SET_PDEATHSIG = 1


def _main(parent: int, command: list[str]) -> int:
    os.umask(0o077)  # sockets and files that the command makes are for this user alone
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it died before the wish was made
            return CANNOT_RUN
    try:
        os.execv(command[0], command)  # noqa: S606 (the point of this file)
    except OSError as error:
        sys.stderr.write(f"cannot run {command[0]}: {error.strerror}\n")
    return CANNOT_RUN


if __name__ == "__main__":
    sys.exit(_main(int(sys.argv[1]), sys.argv[2:]))
