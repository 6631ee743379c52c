"""Plain values as text that people review: YAML, with what fits on a line on a line."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

WIDTH = 116
_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*")


def rendered(value: Any, indent: str) -> Iterator[str]:
    """Yield the lines of a mapping or a list."""
    if isinstance(value, Mapping):
        for key, each in value.items():
            yield from _entry(f"{indent}{_key(str(key))}:", each, indent + "  ")
    else:
        for each in value:
            yield from _item(each, indent)


def _entry(head: str, value: Any, indent: str) -> Iterator[str]:
    line = f"{head} {_inline(value)}"
    if _is_leaf(value) or len(line) <= WIDTH:
        yield line
    else:
        yield head
        yield from rendered(value, indent)


def _item(value: Any, indent: str) -> Iterator[str]:
    line = f"{indent}- {_inline(value)}"
    if _is_leaf(value) or len(line) <= WIDTH:
        yield line
        return
    first, *rest = rendered(value, indent + "  ")
    yield f"{indent}- {first.lstrip()}"
    yield from rest


def _is_leaf(value: Any) -> bool:
    return isinstance(value, str) or not isinstance(value, Mapping | Sequence) or not value


def _inline(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _key(key: str) -> str:
    return key if _PLAIN_KEY.fullmatch(key) else json.dumps(key)
