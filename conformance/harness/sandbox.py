"""The namespaces of a run, seen from outside: make them, wait for their end, enter them.

The run's first process is a shell that waits for all others, so nothing stays a zombie. The kernel kills everything
when it dies, and it dies with this process: by the closed pipe in the ordinary way, by the parent-death signal
otherwise.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from conformance.build import HERE, build_all
from conformance.harness import audit, crds, rundir
from conformance.harness.rundir import RunDirectory

_INIT = ("sh", "-c", '"$@"; exit $?', "init")
_NAMESPACES = ("--fork", "--pid", "--mount", "--net", "--uts", "--ipc", "--mount-proc", "--kill-child")


def run_cluster(version: str, command: Sequence[str], *, audited: bool = False) -> int:
    """Bring a cluster up with the CRDs of `version`, run `command` in it, or wait for a signal when there is none.

    `audited`: the API server keeps a log of all requests.
    Return the command's exit code; when this returns, nothing of the run is left.
    """
    rundir.remove_dead()
    build_all()
    crd_folder = crds.folder(version)
    run, lock = rundir.create()
    if audited:
        audit.write_policy(run.audit_policy)
    control_read, control_write = os.pipe()
    with socket.create_server(("127.0.0.1", 0)) as outside:
        descriptors = (lock, control_read, outside.fileno())
        inside = ("-m", "conformance.harness.inside", str(run.path), str(crd_folder), *map(str, descriptors))
        process = subprocess.Popen(
            ("setpriv", "--pdeathsig", "KILL", "unshare", *_NAMESPACES, *_INIT, sys.executable, *inside, *command),
            pass_fds=descriptors,
            env={**os.environ, "PYTHONPATH": str(HERE.parent)},
        )
        os.close(control_read)
    try:
        return _wait(process, control_write, run)
    finally:
        process.kill()  # for an exception in here; after an ordinary end it does nothing
        process.wait()
        rundir.remove(run)
        os.close(lock)


def enter(run: RunDirectory, command: Sequence[str]) -> int:
    """Run `command` inside a living run's node and return its exit code."""
    target = int(run.pid.read_text())
    inside = ("nsenter", f"--target={target}", "--mount", "--pid", "--net", "--uts", "--ipc", "--", *command)
    environment = {**os.environ, "KUBECONFIG": str(run.node_kubeconfig)}
    return subprocess.run(inside, env=environment, check=False).returncode


def _wait(process: subprocess.Popen[bytes], control: int, run: RunDirectory) -> int:
    """Wait for the end; SIGINT and SIGTERM close the control pipe, at which everything inside ends in order."""
    is_open = [control]

    def stop(_number: int, _frame: object) -> None:
        while is_open:
            os.close(is_open.pop())

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        first = _first_process(process)
        run.pid.write_text(f"{first}\n")
        return process.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        stop(0, None)


def _first_process(unshare: subprocess.Popen[bytes]) -> int:
    """Return the id of the shell that is process 1 inside, once `unshare` has made it."""
    while unshare.poll() is None:
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                text = stat.read_text()
            except (FileNotFoundError, ProcessLookupError):
                continue
            parent = int(text.rpartition(")")[2].split()[1])
            if parent == unshare.pid:
                return int(stat.parent.name)
    return unshare.pid
