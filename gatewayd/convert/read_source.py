"""An object of a foreign kind while it is converted: what was written, and what became of it so far."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Self

from gatewayd.api.meta import ObjectKey
from gatewayd.convert.fates import Fate, Item
from gatewayd.convert.fields import Fields
from gatewayd.convert.source import SourceObject
from gatewayd.convert.values import mapping, text

_OF_MANIFESTS: Final = ("apiVersion", "kind", "metadata", "status")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadSource:
    """An object whose `spec` is read field by field; `fates` grows meanwhile."""

    source: SourceObject
    top: Fields
    fates: list[Fate] = field(default_factory=list)

    @classmethod
    def of(cls, source: SourceObject) -> Self:
        """Return an object of which nothing has been read."""
        fates: list[Fate] = []
        top = Fields(source.value, "", fates)
        top.ignore(*_OF_MANIFESTS)
        return cls(source=source, top=top, fates=fates)

    @property
    def spec(self) -> Fields:
        """What was asked for."""
        return self.top.one("spec")

    @property
    def key(self) -> ObjectKey:
        """Its namespace and name."""
        return self.source.key

    @property
    def order(self) -> tuple[str, str]:
        """When it was created, then its name: of two that want the same the first counts."""
        metadata = mapping(self.source.value.get("metadata"))
        return text(metadata.get("creationTimestamp")) or "~", str(self.key)

    def items(self) -> Iterator[Item]:
        """Yield what became of each field, those that nobody has read among them."""
        self.top.end()
        yield from (Item.of(self.source, fate) for fate in dict.fromkeys(self.fates))
