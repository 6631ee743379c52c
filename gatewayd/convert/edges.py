"""Hosts and paths at the edges of what rules say: each path, a letter more and less, with a slash, in other letters."""

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import quote

_GROUPS: Final = (
    (re.compile(r"\(/\|\$\)"), "/"),
    (re.compile(r"\(?\.\*\)?|\(?\.\+\)?|\(?\[\^/\]\+\)?"), "x"),
    (re.compile(r"\(?\[0-9\]\+?\)?|\(?\\d\+?\)?"), "7"),
)
"""What stands in expressions most often, and a text that each holds for."""
_UNESCAPED: Final = "/-._~!$&'()*+,;=:@"
"""https://www.rfc-editor.org/rfc/rfc3986#section-3.3"""
_OPERATORS: Final = re.compile(r"[\\^$.*+?()\[\]{}|]")


def edges(path: str) -> Iterator[str]:
    """Yield requests' paths that tell one reading of a path, or of an expression, from another."""
    for sample in samples(path):
        around = (sample, f"{sample}/", f"{sample}x", f"{sample}/x", sample.upper(), sample[:-1] or "/")
        yield from (re.sub(r"/+", "/", edge) for edge in around)


def samples(path: str) -> Iterator[str]:
    """Yield paths that are like an expression: its groups filled in, and what is no letter left out."""
    written = path
    for pattern, sample in _GROUPS:
        written = pattern.sub(sample, written)
    for each in dict.fromkeys((written, path)):
        bare = re.sub(r"/+", "/", f"/{_OPERATORS.sub('', each)}")
        yield bare.rstrip("/") or "/"


def hosts(name: str) -> Iterator[str]:
    """Yield hosts at the edges of a name, "*" for any: with one label more, with two, with none, in capitals."""
    if name == "*":
        yield "nobody.test"
    elif name.startswith("*."):
        parent = name.removeprefix("*.")
        yield from (f"a.{parent}", f"a.b.{parent}", parent, f"a.{parent}".upper())
    else:
        yield from (name, f"a.{name}", name.upper())


def escaped(path: str) -> str:
    """Return a path as clients send it, which may not have all letters as they are."""
    return quote(path, safe=_UNESCAPED)
