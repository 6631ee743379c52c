"""Documents made from the schemas of the CRDs, slips in them, and what the schemas say of both.

CEL rules are not run: they are kept as fingerprints (tests/unit/api/crd_facts.py), so what a schema takes may still be
refused, and what it refuses is refused in any case.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from hypothesis import strategies as st

from gatewayd.api.kinds import BY_GROUP_KIND
from gatewayd.api.meta import GroupKind
from tests.unit.api.crd_facts import NEWEST, Schema, Served, served

SERVED: Final = tuple(
    one for one in served(NEWEST) if GroupKind(one.group, one.kind) in BY_GROUP_KIND and not one.kind.startswith("X")
)
NAMES: Final = st.sampled_from(["a", "b", "web", "shop"])
TEXTS: Final = st.sampled_from(["a", "web", "/a", "HTTP", "1s", "*.example.com", "example.com", "", "A_b", "10%"])
Document = dict[str, Any]


@st.composite
def documents(draw: st.DrawFn, one: Served) -> Document:
    """Draw a document whose spec mostly is as its schema wants it."""
    schema = one.schema["properties"]["spec"]
    return {
        "apiVersion": f"{one.group}/{one.version}",
        "kind": one.kind,
        "metadata": {"name": "a"},
        "spec": draw(values(schema)),
    }


def values(schema: Schema) -> st.SearchStrategy[Any]:
    """Return values that a schema takes, most of the time."""
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if schema.get("x-kubernetes-int-or-string"):
        return st.integers(0, 100) | TEXTS
    made = {"object": _object_values, "array": _lists, "integer": _integers, "boolean": lambda _: st.booleans()}
    return made.get(schema.get("type", ""), _texts)(schema)


def _object_values(schema: Schema) -> st.SearchStrategy[Any]:
    if "properties" in schema:
        return objects(schema)
    below = schema.get("additionalProperties")
    return st.dictionaries(NAMES, values(below) if isinstance(below, Mapping) else TEXTS, max_size=2)


def _lists(schema: Schema) -> st.SearchStrategy[Any]:
    return st.lists(values(schema["items"]), min_size=schema.get("minItems", 0), max_size=2)


def _integers(schema: Schema) -> st.SearchStrategy[Any]:
    return st.integers(schema.get("minimum", 0), min(schema.get("maximum", 100), 70000))


def _texts(schema: Schema) -> st.SearchStrategy[Any]:
    return st.sampled_from(["a", "example.com", "/a", "1s", "HTTP"]) | TEXTS if "pattern" in schema else TEXTS


@st.composite
def objects(draw: st.DrawFn, schema: Schema) -> Document:
    fields = schema["properties"]
    required = [name for name in fields if name in schema.get("required", ())]
    others = [name for name in fields if name not in required]
    chosen = draw(st.lists(st.sampled_from(others), unique=True, max_size=3)) if others else []
    return {name: draw(values(fields[name])) for name in (*required, *chosen)}


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield where the mappings of a document stand."""
    if isinstance(value, dict):
        yield path
        for name, item in value.items():
            yield from places(item, (*path, name))
    elif isinstance(value, list):
        for at, item in enumerate(value):
            yield from places(item, (*path, at))


def at(value: Any, path: tuple[str | int, ...]) -> Any:
    for step in path:
        value = value[step]
    return value


class Judge:
    """What a schema says of a document: `unknown` fields, and everything else that is `wrong`, by path."""

    def __init__(self, document: Document, schema: Schema) -> None:
        self.unknown: set[str] = set()
        self.wrong: set[str] = set()
        self._value(document, schema, "")

    def _value(self, value: Any, schema: Schema, path: str) -> None:
        if schema.get("x-kubernetes-int-or-string"):
            if isinstance(value, bool) or not isinstance(value, int | str):
                self.wrong.add(path)
            return
        check = {"object": self._object, "array": self._array, "string": self._string, "integer": self._integer}
        kind = schema.get("type")
        if kind == "boolean":
            self._is(path, fits=isinstance(value, bool))
        elif kind in check:
            check[kind](value, schema, path)
        if "enum" in schema:
            self._is(path, fits=value in schema["enum"])

    def _is(self, path: str, *, fits: bool) -> None:
        if not fits:
            self.wrong.add(path)

    def _object(self, value: Any, schema: Schema, path: str) -> None:
        if not isinstance(value, dict):
            self.wrong.add(path)
            return
        fields, below = schema.get("properties"), schema.get("additionalProperties")
        for name in schema.get("required", ()):
            self._is(f"{path}.{name}", fits=value.get(name) is not None)
        self._is(path, fits=schema.get("minProperties", 0) <= len(value) <= schema.get("maxProperties", 10**9))
        for name, item in value.items():
            here = f"{path}.{name}" if path else name
            if fields is not None and name not in fields:
                self.unknown.add(here)
            elif item is not None and fields is not None:
                self._value(item, fields[name], here)
            elif item is not None and isinstance(below, Mapping):
                self._value(item, below, here)

    def _array(self, value: Any, schema: Schema, path: str) -> None:
        if not isinstance(value, list):
            self.wrong.add(path)
            return
        self._is(path, fits=schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", 10**9))
        for at_index, item in enumerate(value):
            self._value(item, schema["items"], f"{path}[{at_index}]")
        keys = schema.get("x-kubernetes-list-map-keys", ())
        if keys and all(isinstance(item, dict) for item in value):
            marks = [tuple(str(item.get(key)) for key in keys) for item in value]
            self._is(path, fits=len(set(marks)) == len(marks))

    def _string(self, value: Any, schema: Schema, path: str) -> None:
        if not isinstance(value, str):
            self.wrong.add(path)
            return
        self._is(path, fits=schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", 10**9))
        if "pattern" in schema:
            self._is(path, fits=re.search(schema["pattern"], value) is not None)

    def _integer(self, value: Any, schema: Schema, path: str) -> None:
        if isinstance(value, bool) or not isinstance(value, int):
            self.wrong.add(path)
            return
        self._is(path, fits=schema.get("minimum", -(2**63)) <= value <= schema.get("maximum", 2**63))
