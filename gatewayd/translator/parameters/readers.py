"""How the text of a key of parameters is read: as YAML, and what is said of a value that is not taken."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import yaml

LONGEST: Final = 4096
"""Characters of one value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrong:
    """Why a value cannot be taken: what is wrong; what is allowed."""

    why: str


Reader = Callable[[str], object]
"""What a key's text is read by; it returns the value or what is Wrong with it."""


def of_yaml(read: Callable[[object], object]) -> Reader:
    """Return a reader of a text in YAML, from one of what YAML says."""

    def reader(text: str) -> object:
        value = read_yaml(text)
        return value if isinstance(value, Wrong) else read(value)

    return reader


def read_yaml(text: str) -> Any:
    """Return what YAML says, or Wrong. Nested expansions stay small: nothing here copies or prints a collection.

    The loader in C, because the other takes seconds for some texts of this length.
    """
    if len(text) > LONGEST:
        return Wrong(why=f"{len(text)} characters; at most {LONGEST} are allowed")
    try:
        return yaml.load(text, Loader=yaml.CSafeLoader)
    except Exception:  # noqa: BLE001 - its constructors raise whatever a tag and its value make them
        return Wrong(why="not YAML; see https://yaml.org/spec/")
