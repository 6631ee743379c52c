"""Two releases of gatewayd: what the later one makes of the same objects is not byte for byte what the earlier made."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from gatewayd.ir.fleet import FleetKey
from gatewayd.ir.proxy import ProxyConfig
from gatewayd.reconciler import Publisher
from gatewayd.xds.resource import LISTENER, Resource, Snapshot, resource, snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """`mark` stands at the end of each listener, `host` in each bootstrap."""

    version: str
    mark: bytes
    host: str

    def of(self, made: Snapshot) -> Snapshot:
        """Return what this release makes of what today's code makes."""
        return replace(snapshot(made.fleet, self._marked(made)), policies=made.policies) if self.mark else made

    def _marked(self, made: Snapshot) -> Iterator[Resource]:
        for url, table in made.resources.items():
            for item in table.values():
                yield resource(url, item.name, item.body + self.mark) if url == LISTENER else item


@dataclass(frozen=True, slots=True, kw_only=True)
class Publishing:
    """A publisher that publishes what a release makes."""

    release: Release
    publisher: Publisher

    def publish(self, made: Snapshot, config: ProxyConfig) -> None:
        """Publish what the release makes of it."""
        self.publisher.publish(self.release.of(made), config)

    def retire(self, fleet: FleetKey) -> None:
        """Serve nothing for a fleet any more."""
        self.publisher.retire(fleet)


EARLIER: Final = Release(version="0.1.0", mark=b"", host="gatewayd.gatewayd-system.svc.")
# Field 1000, which no message has, empty: an Envoy reads past it.
LATER: Final = Release(version="0.2.0", mark=b"\xc2\x3e\x00", host="gatewayd.gatewayd-system.svc")
