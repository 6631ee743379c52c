"""kubectl, as the smoke test and the suite's runner call it: one namespace, output as text, failures as exceptions."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from conformance.build import built


class KubectlError(Exception):
    """kubectl ended with a code other than 0; the message is what it printed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kubectl:
    """The client for one namespace ("": as the objects say); an empty `kubeconfig` means the one in the environment."""

    namespace: str = ""
    kubeconfig: str = ""

    def command(self, *arguments: str) -> tuple[str, ...]:
        """Return the command, for those who start it themselves."""
        chosen = ("--namespace", self.namespace) if self.namespace else ()
        return (str(built("kubectl")), *chosen, *arguments)

    def __call__(self, *arguments: str, stdin: str = "") -> str:
        """Run kubectl and return what it printed."""
        environment = {**os.environ, **({"KUBECONFIG": self.kubeconfig} if self.kubeconfig else {})}
        done = subprocess.run(
            self.command(*arguments), input=stdin, env=environment, capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            raise KubectlError(f"kubectl {' '.join(arguments)}: {done.stderr.strip()}")
        return done.stdout

    def apply(self, *objects: object) -> None:
        """Apply objects given as dictionaries."""
        self("apply", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))


def until(true: Callable[[], bool], what: str, *, within: float) -> None:
    """Ask again and again; `TimeoutError` with `what` when it does not become true in time."""
    deadline = time.monotonic() + within
    while not true():
        if time.monotonic() > deadline:
            raise TimeoutError(f"after {within:g} s still not so: {what}")
        time.sleep(0.02)


@contextmanager
def step(name: str) -> Iterator[None]:
    """Print how long a step took."""
    began = time.monotonic()
    yield
    print(f"{time.monotonic() - began:6.2f} s  {name}", flush=True)
