"""Two JSON values -> the fields in which they differ, in an order and with paths that people can follow.

Elements of a list are paired by what names them (`name`, `type`, a reference), else by being equal; so an element that
was put in front of the others is one addition, and not a change of all.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

_NAMES: Final = ("name", "type", "parentRef", "ancestorRef")
_ABSENT: Final = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """One difference; `before` None: the field is new, `after` None: it is gone. Values are JSON."""

    path: str
    before: Any
    after: Any


def field_changes(before: Any, after: Any, path: str = "") -> Iterator[FieldChange]:
    """Yield the differences, deepest path first found."""
    if before == after:
        return
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in dict.fromkeys((*before, *after)):
            yield from _member(before.get(key, _ABSENT), after.get(key, _ABSENT), f"{path}.{key}" if path else str(key))
    elif isinstance(before, list) and isinstance(after, list):
        yield from _elements(before, after, path)
    else:
        yield FieldChange(path=path, before=before, after=after)


def _member(before: Any, after: Any, path: str) -> Iterator[FieldChange]:
    if before is _ABSENT:
        yield FieldChange(path=path, before=None, after=after)
    elif after is _ABSENT:
        yield FieldChange(path=path, before=before, after=None)
    else:
        yield from field_changes(before, after, path)


def _elements(before: Sequence[Any], after: Sequence[Any], path: str) -> Iterator[FieldChange]:
    if len(before) == len(after) == 1:
        yield from field_changes(before[0], after[0], f"{path}[0]")
        return
    old, new = _named(before), _named(after)
    if old is None or new is None:
        yield from _unnamed(before, after, path)
        return
    for name in dict.fromkeys((*old, *new)):
        yield from _member(old.get(name, _ABSENT), new.get(name, _ABSENT), f"{path}[{name}]")
    common = [name for name in old if name in new]
    if common != [name for name in new if name in old]:
        yield FieldChange(path=f"{path} (order)", before=common, after=[name for name in new if name in old])


def _named(elements: Sequence[Any]) -> dict[str, Any] | None:
    """Return the elements by name; a name that stands several times gets a number. None when some have no name."""
    found: dict[str, Any] = {}
    seen: Counter[str] = Counter()
    for each in elements:
        name = _name(each)
        if name is None:
            return None
        seen[name] += 1
        found[name if seen[name] == 1 else f"{name} #{seen[name]}"] = each
    return found


def _name(element: Any) -> str | None:
    if not isinstance(element, Mapping):
        return None
    value = next((element[key] for key in _NAMES if key in element), None)
    if isinstance(value, Mapping):
        return "/".join(str(value[key]) for key in ("namespace", "name", "sectionName", "port") if key in value)
    return None if value is None else str(value)


def _unnamed(before: Sequence[Any], after: Sequence[Any], path: str) -> Iterator[FieldChange]:
    old, new = Counter(map(_text, before)), Counter(map(_text, after))
    for text in (old - new).elements():
        yield FieldChange(path=f"{path}[]", before=json.loads(text), after=None)
    for text in (new - old).elements():
        yield FieldChange(path=f"{path}[]", before=None, after=json.loads(text))
    if old == new:
        yield FieldChange(path=f"{path} (order)", before=list(before), after=list(after))


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)
