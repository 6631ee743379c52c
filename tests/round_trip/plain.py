"""What a controller does with Ingresses that knows the text of the API and nothing else.

https://kubernetes.io/docs/concepts/services-networking/ingress/#path-types
"""

from collections.abc import Sequence

from tests.round_trip.endings import NOBODY, Ending, Probe, Reached
from tests.round_trip.generator import JSON, order


class PlainController:
    """The rules of all Ingresses by host, each as (path, exact, Service), and the default backends."""

    def __init__(self, ingresses: Sequence[JSON]) -> None:
        self._paths: dict[str, dict[tuple[str, bool], str]] = {}
        self._rests: dict[str, str] = {}
        for ingress in sorted(ingresses, key=order):
            self._read(ingress)

    def _read(self, ingress: JSON) -> None:
        namespace, spec = ingress["metadata"]["namespace"], ingress["spec"]
        rest = spec.get("defaultBackend")
        for rule in spec.get("rules", ({},)):
            host = rule.get("host", "")
            paths = self._paths.setdefault(host, {}) if "rules" in spec else {}
            if rest is not None and (host or not self._rests.get("")):
                self._rests.setdefault(host, f"{namespace}/{rest['service']['name']}")
            for path in rule.get("http", {}).get("paths", ()):
                at = path.get("path", "/"), path["pathType"] == "Exact"
                paths.setdefault(at, f"{namespace}/{path['backend']['service']['name']}")

    def answer(self, probe: Probe) -> Ending | None:
        """Return what becomes of a request: of the host's paths the longest, an exact one first."""
        host = self._host(probe.host.lower())
        if host is None:
            return NOBODY
        fitting = [
            (exact, len(path.rstrip("/")), service)
            for (path, exact), service in self._paths.get(host, {}).items()
            if (probe.path == path if exact else f"{probe.path}/".startswith(f"{path.rstrip('/')}/"))
        ]
        service = max(fitting)[2] if fitting else self._rests.get(host, "")
        return Reached(shares=((service, 1000),), path=probe.path, host=probe.host) if service else NOBODY

    def _host(self, host: str) -> str | None:
        wildcard = f"*.{host.partition('.')[2]}"
        names = (each for each in (host, wildcard, "") if each in self._paths or each in self._rests)
        return next(names, None)
