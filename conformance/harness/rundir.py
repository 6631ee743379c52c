"""The folder of one run, and the removal of folders whose run is dead.

Processes, mounts and interfaces need no cleaning: they live in namespaces that die with the run. What can stay behind
after a SIGKILL is the folder. A run that lives holds a lock in it, so a folder whose lock is free belongs to nobody.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

RUNS = Path(tempfile.gettempdir()) / "gatewayd-conformance"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunDirectory:
    """Paths of one run. `state` is a tmpfs seen only inside the run."""

    path: Path

    @property
    def run_id(self) -> str:
        """Return the id that tells this run from others."""
        return self.path.name

    @property
    def kubeconfig(self) -> Path:
        """Return the kubeconfig for use outside the run's namespaces."""
        return self.path / "kubeconfig"

    @property
    def node_kubeconfig(self) -> Path:
        """Return the kubeconfig for use inside the node's network namespace."""
        return self.path / "kubeconfig.node"

    @property
    def ready(self) -> Path:
        """Return the file that exists once the cluster is ready."""
        return self.path / "ready"

    @property
    def pid(self) -> Path:
        """Return the file with the process id, as the machine sees it, of the first process inside."""
        return self.path / "pid"

    @property
    def logs(self) -> Path:
        """Return the folder of the control plane's logs; Pods' logs are below `pods`."""
        return self.path / "logs"

    @property
    def certificates(self) -> Path:
        """Return the folder of the PEM files."""
        return self.path / "certificates"

    @property
    def configuration(self) -> Path:
        """Return the folder of the components' configuration files."""
        return self.path / "configuration"

    @property
    def audit_policy(self) -> Path:
        """Return the file that says what the API server notes of requests; without it, it notes none."""
        return self.configuration / "audit.yaml"

    @property
    def audit_log(self) -> Path:
        """Return the file of the API server's audit log."""
        return self.logs / "audit.jsonl"

    @property
    def state(self) -> Path:
        """Return the folder of etcd's data, the Pods' volumes and their root file systems."""
        return self.path / "state"


@contextmanager
def _alone() -> Iterator[None]:
    """Keep other runs' hands off: a folder that is made but not locked yet looks dead."""
    descriptor = os.open(RUNS.parent, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def create() -> tuple[RunDirectory, int]:
    """Make the folder of a new run; return it and the descriptor of its lock, which is held while that is open."""
    with _alone():
        RUNS.mkdir(mode=0o755, exist_ok=True)
        run = RunDirectory(path=Path(tempfile.mkdtemp(prefix="run-", dir=RUNS)))
        run.path.chmod(0o755)
        lock = os.open(run.path / "lock", os.O_CREAT | os.O_RDWR)
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    for folder in (run.logs, run.certificates, run.configuration, run.state):
        folder.mkdir()
    return run, lock


def living() -> Iterator[RunDirectory]:
    """Yield every run that is alive."""
    yield from (RunDirectory(path=path) for path in _folders() if _is_alive(path))


def remove_dead() -> tuple[str, ...]:
    """Remove the folders of dead runs and return their ids."""
    with _alone():
        dead = [path for path in _folders() if not _is_alive(path)]
        for path in dead:
            shutil.rmtree(path, ignore_errors=True)
        _remove_if_empty()
    return tuple(path.name for path in dead)


def remove(run: RunDirectory) -> None:
    """Remove the folder of a run that has ended."""
    with _alone():
        shutil.rmtree(run.path, ignore_errors=True)
        _remove_if_empty()


def _remove_if_empty() -> None:
    with suppress(OSError):  # not there, or another run's folder is in it
        RUNS.rmdir()


def _folders() -> list[Path]:
    return sorted(RUNS.glob("run-*")) if RUNS.exists() else []


def _is_alive(folder: Path) -> bool:
    try:
        lock = os.open(folder / "lock", os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(lock)
    return False
