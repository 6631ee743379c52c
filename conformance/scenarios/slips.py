"""Slips of the pen in documents: what people who write manifests get wrong, and what stands just beyond a bound."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from conformance.scenarios.drawn import TEXTS, Pen, Schema, Value


class _Place(NamedTuple):
    """A value in a document, by what holds it, and the schema of it."""

    holder: Any
    key: str | int
    schema: Schema


def slip(drawn: dict[str, Any], schema: Schema, chance: random.Random) -> str:
    """Make one mistake somewhere in a document; return what it is."""
    places = [each for each in _places(drawn, schema) if each.key not in ("apiVersion", "kind")]
    if not places:
        return ""
    place = chance.choice(places)
    name = chance.choice(tuple(_SLIPS))
    _SLIPS[name](place, chance)
    return f"{name} {place.key}"


def _places(holder: Value, schema: Schema) -> Iterator[_Place]:
    """Yield the values of a document with their schemas, but for metadata and the document itself."""
    if isinstance(holder, dict):
        fields, below = schema.get("properties", {}), schema.get("additionalProperties")
        for name, item in holder.items():
            of_item = fields.get(name, below if isinstance(below, Mapping) else {})
            if not (name == "metadata" and "apiVersion" in holder):
                yield _Place(holder, name, of_item)
                yield from _places(item, of_item)
    elif isinstance(holder, list):
        for at, item in enumerate(holder):
            yield _Place(holder, at, schema.get("items", {}))
            yield from _places(item, schema.get("items", {}))


def _rename(place: _Place, chance: random.Random) -> None:
    if isinstance(place.key, str):
        other = chance.choice((place.key[:-1] or "x", f"{place.key}s", place.key.upper(), place.key.lower()))
        place.holder[other] = place.holder.pop(place.key)


def _add(place: _Place, chance: random.Random) -> None:
    if isinstance(place.key, str):
        place.holder[chance.choice(("wormhole", "type", "name", "filter", "port", "sectionname"))] = _wrong(chance)


def _wrong(chance: random.Random) -> Value:
    return copy.deepcopy(
        chance.choice((3, True, "x", [], {}, [3], {"a": 1}, None, -1, 0, 2**33, 1.5, "", ["a", "a"], [{}]))
    )


def _retype(place: _Place, chance: random.Random) -> None:
    place.holder[place.key] = _wrong(chance)


def _remove(place: _Place, _: random.Random) -> None:
    del place.holder[place.key]


def _beyond(place: _Place, chance: random.Random) -> None:
    """Go beyond a bound by one, or to it."""
    given, schema = place.holder[place.key], place.schema
    more = chance.choice((0, 1))
    if isinstance(given, int) and not isinstance(given, bool):
        bounds = [schema[name] + sign * more for name, sign in (("maximum", 1), ("minimum", -1)) if name in schema]
        place.holder[place.key] = chance.choice(bounds or [-1, 65536])
    elif isinstance(given, str) and "maxLength" in schema:
        place.holder[place.key] = (given or "a").ljust(schema["maxLength"] + more, "a")
    elif isinstance(given, list) and given and "maxItems" in schema:
        place.holder[place.key] = [copy.deepcopy(given[0]) for _ in range(schema["maxItems"] + more)]
    elif isinstance(given, dict) and "maxProperties" in schema and given:
        first = next(iter(given.values()))
        place.holder[place.key] = {f"k{at}": copy.deepcopy(first) for at in range(schema["maxProperties"] + more)}


def _other_text(place: _Place, chance: random.Random) -> None:
    if isinstance(place.holder[place.key], str):
        place.holder[place.key] = chance.choice(TEXTS)


def _twice(place: _Place, _: random.Random) -> None:
    given = place.holder[place.key]
    if isinstance(given, list) and given:
        given.append(copy.deepcopy(given[-1]))
    elif isinstance(place.holder, list):
        place.holder.append(copy.deepcopy(given))


def _more(place: _Place, chance: random.Random) -> None:
    """Draw a value anew: what it stands beside may not go with it."""
    if place.schema:
        place.holder[place.key] = Pen(chance=chance, likely=0.1).value(place.schema)


def _another_field(place: _Place, chance: random.Random) -> None:
    """Fill in a field beside others that may exclude it."""
    given, fields = place.holder[place.key], place.schema.get("properties", {})
    absent = [name for name in fields if isinstance(given, dict) and name not in given]
    if absent:
        name = chance.choice(absent)
        given[name] = Pen(chance=chance, likely=0.1).value(fields[name])


_SLIPS: Final[Mapping[str, Callable[[_Place, random.Random], None]]] = {
    "rename": _rename, "add": _add, "retype": _retype, "remove": _remove, "beyond": _beyond, "text": _other_text,
    "twice": _twice, "anew": _more, "beside": _another_field,
}  # fmt: skip
