"""What the environment of the process says. The only reader of `os.environ`.

In: the environment's variables. Out: frozen `Settings`; what is not set is None, and the caller's own default holds.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gatewayd.ir.environment import ANY_IPV4, ANY_IPV6
from gatewayd.ir.http import RouteDiscovery

LOG_LEVELS: Final = ("debug", "info", "warning", "error")
LOG_FORMATS: Final = ("console", "json")


class SettingsError(Exception):
    """A variable of the environment has a value that means nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """`runtime`: the user's folder for sockets. `cache`: that for what has been fetched. `envoy`: the binary to run.

    `log_format` None: by stderr's kind. `route_discovery` None: whichever suits a route table.
    """

    runtime: Path | None
    cache: Path | None
    envoy: Path | None
    log_level: str | None
    log_format: str | None
    route_discovery: RouteDiscovery | None


def from_environment() -> Settings:
    """Read the environment of this process; raises SettingsError."""
    return read(os.environ)


def is_completing() -> bool:
    """Return whether a shell asks for what a command line may go on with, as `gatewayd completion` has it do."""
    return "_GATEWAYD_COMPLETE" in os.environ


def api_server() -> str | None:
    """Return where a pod finds the API server, as "host:port"; None outside of a cluster.

    https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/
    """
    host, port = os.environ.get("KUBERNETES_SERVICE_HOST", ""), os.environ.get("KUBERNETES_SERVICE_PORT", "")
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}" if host and port else None


def pods_listen_at() -> str:
    """Return where the pods of this cluster listen for everybody: the family of its Services is the first of its pods.

    What is no pod is told of no Service, and a kernel without IPv6 knows no other address than that of IPv4.
    https://kubernetes.io/docs/concepts/services-networking/dual-stack/#services
    """
    return ANY_IPV6 if ":" in os.environ.get("KUBERNETES_SERVICE_HOST", "") else ANY_IPV4


def read(variables: Mapping[str, str]) -> Settings:
    """Read XDG_RUNTIME_DIR, XDG_CACHE_HOME, HOME and the variables that begin with GATEWAYD_; raises SettingsError.

    https://specifications.freedesktop.org/basedir-spec/latest/
    """
    discovery = _one_of("GATEWAYD_ROUTE_DISCOVERY", variables, tuple(RouteDiscovery))
    return Settings(
        runtime=_path(variables.get("XDG_RUNTIME_DIR")),
        cache=_cache(variables),
        envoy=_path(variables.get("GATEWAYD_ENVOY")),
        log_level=_one_of("GATEWAYD_LOG_LEVEL", variables, LOG_LEVELS),
        log_format=_one_of("GATEWAYD_LOG_FORMAT", variables, LOG_FORMATS),
        route_discovery=RouteDiscovery(discovery) if discovery else None,
    )


def _cache(variables: Mapping[str, str]) -> Path | None:
    home = _path(variables.get("HOME"))
    return _path(variables.get("XDG_CACHE_HOME")) or (home / ".cache" if home is not None else None)


def _path(text: str | None) -> Path | None:
    return Path(text) if text else None


def _one_of(name: str, variables: Mapping[str, str], allowed: tuple[str, ...]) -> str | None:
    value = variables.get(name, "").lower()
    if value and value not in allowed:
        raise SettingsError(f"{name}: {value!r} is not known; allowed: {', '.join(allowed)}")
    return value or None
