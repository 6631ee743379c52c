"""Follows a folder in a user namespace that has no inotify instance to give: `python unwatched.py FOLDER`.

Out: a line of JSON for each file that is new or other than it was, and the log on standard error; exit code 77 where
the system grants no user namespace. https://docs.kernel.org/admin-guide/sysctl/user.html
"""

import asyncio
import ctypes
import json
import sys
from pathlib import Path

from gatewayd.manifests.watch import watch_folder
from gatewayd.telemetry import logs

NO_NAMESPACE = 77
_CLONE_NEWUSER = 0x10000000
_INSTANCES = Path("/proc/sys/user/max_inotify_instances")


def enter_namespace() -> None:
    if ctypes.CDLL(None).unshare(_CLONE_NEWUSER) != 0:
        sys.exit(NO_NAMESPACE)
    try:
        _INSTANCES.write_text("0")
    except OSError:
        sys.exit(NO_NAMESPACE)


async def follow(folder: Path) -> None:
    async for batch in watch_folder(folder):
        for path, contents in batch.items():
            if isinstance(contents, bytes):
                sys.stdout.write(f"{json.dumps([path, contents.decode()])}\n")
                sys.stdout.flush()


if __name__ == "__main__":
    enter_namespace()
    logs.configure("error", logs.JsonLines(stream=sys.stderr))
    asyncio.run(follow(Path(sys.argv[1])))
