"""Parts of a document that has no struct: what is not of the type that is asked for counts as empty.

What was written wrongly is not there afterwards, and what is then missing is told when the result is read.
"""

from collections.abc import Iterable, Iterator, Mapping

from gatewayd.convert.draft import JSON
from gatewayd.convert.fates import Fate, Fidelity
from gatewayd.convert.source import SourceObject


def mapping(value: object) -> JSON:
    """Return a mapping with names as keys."""
    return {str(key): each for key, each in value.items()} if isinstance(value, Mapping) else {}


def spec_of(source: SourceObject) -> JSON:
    """Return what an object asks for."""
    return mapping(source.value.get("spec"))


def items(value: object) -> tuple[JSON, ...]:
    """Return a list of mappings."""
    return tuple(mapping(each) for each in value) if isinstance(value, list) else ()


def text(value: object) -> str:
    """Return a text."""
    return value if isinstance(value, str) else ""


def texts(value: object) -> tuple[str, ...]:
    """Return a list of texts."""
    return tuple(each for each in value if isinstance(each, str)) if isinstance(value, list) else ()


def number(value: object, default: int) -> int:
    """Return a whole number."""
    return value if isinstance(value, int) and not isinstance(value, bool) else default


def unread(value: JSON, known: Iterable[str], path: str) -> Iterator[Fate]:
    """Yield that fields which nobody reads are lost."""
    names = frozenset(known)
    for name in value:
        if name not in names:
            yield Fate(path=f"{path}.{name}", fidelity=Fidelity.LOST, message="is not read")
