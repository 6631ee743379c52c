"""What a name of an object that somebody has begun to type may go on as, in the words of `gatewayd why`.

In: the objects that there are, and the beginning. Out: names that begin so, sorted. Pure.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from gatewayd.api.decode import DEFAULT_NAMESPACE
from gatewayd.api.meta import ObjectKey

MOST_NAMES: Final = 1_000
"""More than anybody reads: a shell with so many candidates asks whether to show them."""
_FEW: Final = 50
"""So many objects of several kinds are named at once; of more the kinds are."""


class NamedObjects(NamedTuple):
    """The objects of a kind: its name in lower case and in the plural, and their keys."""

    kind: str
    plural: str
    keys: Sequence[ObjectKey]


def completed(kinds: Iterable[NamedObjects], begun: str) -> tuple[str, ...]:
    """Return the names that go on from what was typed; of a kind alone "httproute/", where there are many."""
    word, slash, _ = begun.partition("/")
    if slash:
        named = (_names(word, each) for each in kinds if word.lower() in (each.kind, each.plural))
        return _sorted(name for names in named for name in names if name.startswith(begun))
    wanted = [each for each in kinds if each.kind.startswith(begun.lower()) and each.keys]
    if len(wanted) > 1 and sum(len(each.keys) for each in wanted) > _FEW:
        return _sorted(f"{each.kind}/" for each in wanted)
    return _sorted(name for each in wanted for name in _names(each.kind, each))


def _names(word: str, objects: NamedObjects) -> Iterator[str]:
    for key in objects.keys:
        yield f"{word}/{key.name}" if key.namespace in ("", DEFAULT_NAMESPACE) else f"{word}/{key.namespace}/{key.name}"


def _sorted(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(names)[:MOST_NAMES])
