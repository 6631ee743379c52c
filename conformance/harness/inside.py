"""The harness inside its namespaces: keeps the cluster running, and runs the user's command when it is ready."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from conformance.build import build_all, built
from conformance.harness import cluster
from conformance.harness.addresses import CLUSTER_DOMAIN, NAMESPACES_DIRECTORY, NODE_IP
from conformance.harness.controlplane import ComponentEndedError
from conformance.harness.rundir import RunDirectory

_STOP_SECONDS = 10.0
_FAILED = 70
_INTERRUPTED = 130


def main(arguments: Sequence[str]) -> NoReturn:
    """Take (run folder, CRD folder, lock, control pipe, outside socket, command ...) and exit with its code."""
    path, crd_folder, lock, control, outside = arguments[:5]
    run = RunDirectory(path=Path(path))
    for descriptor in (lock, control, outside):
        os.set_inheritable(int(descriptor), False)
    _mount(run)
    blueprint = cluster.Blueprint(
        run=run, binaries=build_all(), crds=Path(crd_folder), outside=socket.socket(fileno=int(outside))
    )
    if sys.version_info < (3, 12):  # newer versions wait for children this way by themselves
        asyncio.set_child_watcher(asyncio.PidfdChildWatcher())
    with asyncio.Runner() as runner:
        code = runner.run(_supervise(blueprint, int(control), tuple(arguments[5:])))
        sys.stdout.flush()
        sys.stderr.flush()
        # Nothing in here is worth an orderly end: all processes, mounts and interfaces go with the namespaces.
        os._exit(code)


def _mount(run: RunDirectory) -> None:
    """Put state, the names of network namespaces and the resolver's file where only this run sees them."""
    Path(NAMESPACES_DIRECTORY).mkdir(parents=True, exist_ok=True)
    resolver = run.configuration / "resolv.conf"
    resolver.write_text(f"nameserver {NODE_IP}\nsearch default.svc.{CLUSTER_DOMAIN} svc.{CLUSTER_DOMAIN}\n")
    for command in (
        ("mount", "-t", "tmpfs", "-o", "mode=0755", "state", str(run.state)),
        ("mount", "-t", "tmpfs", "-o", "mode=0755", "netns", NAMESPACES_DIRECTORY),
        ("mount", "--bind", str(resolver), os.path.realpath("/etc/resolv.conf")),
    ):
        subprocess.run(command, check=True)
    (run.state / "pods").mkdir()


async def _supervise(blueprint: cluster.Blueprint, control: int, command: tuple[str, ...]) -> int:
    ready, stop = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_reader(control, stop.set)  # its end outside was closed
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop.set)
    keep = asyncio.ensure_future(cluster.keep(blueprint, ready))
    work = asyncio.ensure_future(_work(blueprint.run, ready, command))
    stopped = asyncio.ensure_future(stop.wait())
    await asyncio.wait((keep, work, stopped), return_when=asyncio.FIRST_COMPLETED)
    loop.remove_reader(control)
    code = _FAILED
    if work.done():
        code = work.result()
    elif keep.done():
        _report(keep)
    else:
        code = _INTERRUPTED if command else 0
    work.cancel()
    with suppress(asyncio.CancelledError):
        await work
    return code


async def _work(run: RunDirectory, ready: asyncio.Event, command: tuple[str, ...]) -> int:
    await ready.wait()
    run.ready.touch()
    if not command:
        print(f"\nexport KUBECONFIG={run.kubeconfig}\n\nCtrl-C ends the cluster {run.run_id}", flush=True)
        await asyncio.Event().wait()
    path = f"{built('kubectl').parent}:{os.environ['PATH']}"
    environment = {**os.environ, "KUBECONFIG": str(run.node_kubeconfig), "PATH": path, "GATEWAYD_RUN": str(run.path)}
    process = await asyncio.create_subprocess_exec(*command, env=environment)
    try:
        code = await process.wait()
    except asyncio.CancelledError:
        with suppress(ProcessLookupError):
            process.terminate()
        with suppress(TimeoutError):
            async with asyncio.timeout(_STOP_SECONDS):
                await process.wait()
        raise
    return code if code >= 0 else 128 - code


def _report(keep: asyncio.Future[None]) -> None:
    """Print why the cluster ended; a process that ended by itself says so in its own words."""
    error = keep.exception()
    known, rest = (None, error)
    if isinstance(error, BaseExceptionGroup):
        known, rest = error.split(ComponentEndedError)
    if known is not None:
        for each in known.exceptions:
            print(f"cluster ended: {each}", file=sys.stderr)
    if rest is not None:
        sys.excepthook(type(rest), rest, rest.__traceback__)


if __name__ == "__main__":
    main(sys.argv[1:])
