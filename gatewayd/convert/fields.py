"""A document of a foreign kind, read field by field, so that what nobody has read is told.

In: the parsed YAML. Out: values, and a `Fate` for each field that is of another type than the kind has, or that nobody
asked for. Neither may pass in silence: what is not read may have kept somebody out.
"""

import re
from collections.abc import Mapping
from typing import Final

from gatewayd.convert.fates import Fate, Fidelity

PROTECTIVE: Final = re.compile(
    r"auth|allow|deny|whitelist|block|limit|secur|waf|jwt|oidc|oauth|cert|verify|match|condition|without|source",
    re.IGNORECASE,
)
"""What fields are called that keep somebody out; a condition keeps out whoever does not meet it."""
_MOST_SHOWN: Final = 60


class Fields:
    """The fields of one mapping at `path`, as far as they are asked for. Mutable while it is read."""

    def __init__(self, value: object, path: str, fates: list[Fate]) -> None:
        self.path = path
        self._fates = fates
        self._asked: set[str] = set()
        self._below: dict[str, tuple[Fields, ...]] = {}
        self._value: dict[str, object] = {}
        if isinstance(value, Mapping):
            self._value = {str(name): each for name, each in value.items() if each is not None}
        elif value is not None:
            self._mistyped(path, value, "a mapping")

    def __contains__(self, name: str) -> bool:
        """Return whether a field is written; to look is not to read it."""
        return name in self._value

    def __bool__(self) -> bool:
        """Return whether anything is written."""
        return bool(self._value)

    def at(self, name: str) -> str:
        """Return the path of a field."""
        return f"{self.path}.{name}" if self.path else name

    def text(self, name: str, default: str = "") -> str:
        """Return a text."""
        value = self._take(name, default)
        return value if isinstance(value, str) else str(self._wrong(name, value, "a text", default))

    def number(self, name: str, default: int = 0) -> int:
        """Return a whole number."""
        value = self._take(name, default)
        if isinstance(value, bool) or not isinstance(value, int):
            self._wrong(name, value, "a whole number", default)
            return default
        return value

    def amount(self, name: str) -> float:
        """Return a number; 0 where there is none."""
        value = self._take(name, 0)
        if isinstance(value, bool) or not isinstance(value, int | float):
            self._wrong(name, value, "a number", 0)
            return 0
        return float(value)

    def boolean(self, name: str, *, default: bool = False) -> bool:
        """Return true or false."""
        value = self._take(name, default)
        return value if isinstance(value, bool) else bool(self._wrong(name, value, "true or false", default))

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a list of texts."""
        value = self._take(name, [])
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            self._wrong(name, value, "a list of texts", ())
            return ()
        return tuple(value)

    def numbers(self, name: str) -> tuple[int, ...]:
        """Return a list of whole numbers."""
        value = self._take(name, [])
        if not isinstance(value, list) or not all(type(each) is int for each in value):
            self._wrong(name, value, "a list of whole numbers", ())
            return ()
        return tuple(value)

    def pairs(self, name: str) -> dict[str, str]:
        """Return a mapping of texts."""
        value = self._take(name, {})
        if not isinstance(value, Mapping) or not all(isinstance(each, str) for each in value.values()):
            self._wrong(name, value, "a mapping of texts", {})
            return {}
        return {str(key): each for key, each in value.items()}

    def one(self, name: str) -> "Fields":
        """Return the fields of a mapping, of none where it is not there; the same ones each time."""
        self._asked.add(name)
        if name not in self._below:
            self._below[name] = (Fields(self._value.get(name), self.at(name), self._fates),)
        return self._below[name][0]

    def many(self, name: str) -> tuple["Fields", ...]:
        """Return the fields of each mapping of a list; the same ones each time."""
        self._asked.add(name)
        if name not in self._below:
            value = self._value.get(name, [])
            if not isinstance(value, list):
                self._mistyped(self.at(name), value, "a list")
                value = []
            self._below[name] = tuple(
                Fields(each, f"{self.at(name)}[{number}]", self._fates) for number, each in enumerate(value)
            )
        return self._below[name]

    def named(self, name: str) -> dict[str, "Fields"]:
        """Return the fields of each mapping in a mapping by its name."""
        return {key: self.one(name).one(key) for key in self.one(name).names()}

    def names(self) -> tuple[str, ...]:
        """Return what fields are written."""
        return tuple(self._value)

    def tell(self, name: str, fidelity: Fidelity, message: str, *, protects: bool = False) -> None:
        """Say what becomes of a field, which counts as read then; "" is the mapping itself."""
        if name:
            self._asked.add(name)
        path = self.at(name) if name else self.path
        self._fates.append(Fate(path=path, fidelity=fidelity, message=message, protects=protects))

    def exact(self, name: str, message: str) -> None:
        """Say that a field is there again, as what."""
        self.tell(name, Fidelity.EXACT, message)

    def approximate(self, name: str, message: str) -> None:
        """Say that a field is there again, and by how much it differs."""
        self.tell(name, Fidelity.APPROXIMATE, message)

    def manual(self, name: str, message: str) -> None:
        """Say what has to be done for a field to work."""
        self.tell(name, Fidelity.MANUAL, message)

    def lost(self, name: str, message: str, *, protects: bool = False) -> None:
        """Say that a field is not there again."""
        self.tell(name, Fidelity.LOST, message, protects=protects)

    def lost_if_written(self, table: Mapping[str, str], *, protects: bool = False) -> None:
        """Say of each of these fields that is written that it is lost, and why."""
        for name, message in table.items():
            if name in self._value:
                self.lost(name, message, protects=protects)

    def ignore(self, *names: str) -> None:
        """Count fields as read that change no answer."""
        self._asked.update(names)

    def end(self) -> None:
        """Tell of everything that nobody has asked for, here and below."""
        for name in self._value:
            if name not in self._asked:
                protects = PROTECTIVE.search(self.at(name)) is not None
                message = "is not read" + ("; by its name it may keep somebody out" if protects else "")
                self.tell(name, Fidelity.LOST, message, protects=protects)
            for each in self._below.get(name, ()):
                each.end()

    def _take(self, name: str, default: object) -> object:
        self._asked.add(name)
        return self._value.get(name, default)

    def _wrong(self, name: str, value: object, allowed: str, default: object) -> object:
        self._mistyped(self.at(name), value, allowed)
        return default

    def _mistyped(self, path: str, value: object, allowed: str) -> None:
        shown = repr(value)[:_MOST_SHOWN]
        message = f"{shown} is not read; allowed is {allowed}"
        self._fates.append(Fate(path=path, fidelity=Fidelity.LOST, message=message, protects=True))


def closing(fates: list[Fate], path: str, *parts: str) -> tuple[str, ...]:
    """Return the fields that have kept somebody out of the part at `path` and are lost.

    These are its own, and those of the whole object: what is below no part, the lists of which are `parts`.
    """
    beginnings = tuple(f"{part}[" for part in parts)
    return tuple(
        dict.fromkeys(
            fate.path
            for fate in fates
            if fate.opens and (_is_below(fate.path, path) or not fate.path.startswith(beginnings))
        )
    )


def _is_below(path: str, above: str) -> bool:
    return path == above or path.startswith((f"{above}.", f"{above}["))
