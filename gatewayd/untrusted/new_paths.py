"""Whether a text is a path, and nothing but a path, that a request may be given in place of its own.

What would be something else than a path, or another path than it looks like, is none.
https://www.rfc-editor.org/rfc/rfc3986#section-3.3
"""

import re
from collections.abc import Iterator
from typing import Final

_ESCAPE: Final = re.compile("%([0-9A-Fa-f]{2})?")
_DOT: Final = re.compile("%2e", re.IGNORECASE)


def path_problem(text: str) -> str:
    """Return what is wrong with a new path, "" for one that is good; the empty text is."""
    return next(_wrong(text), "")


def _wrong(text: str) -> Iterator[str]:
    """Yield what is wrong with a new path."""
    if text and not text.startswith("/"):
        yield "is no path; one that begins with '/' is allowed"
    if any(not char.isprintable() for char in text):
        yield "has control characters; visible ones are allowed"
    if "?" in text:
        yield "has a query ('?'); a path alone is allowed, and the request's query stays"
    if "#" in text:
        yield "has a fragment ('#'); a path alone is allowed"
    escapes = _ESCAPE.findall(text)
    if "" in escapes:
        yield "has a '%' that begins no escape; '%25' is allowed"
    if any(int(each, 16) < 0x20 or int(each, 16) == 0x7F for each in escapes if each):
        yield "has an escaped control character; visible ones are allowed"
    if "//" in text:
        yield "has an empty segment ('//'); single slashes are allowed"
    if any(_DOT.sub(".", segment.partition(";")[0]) in (".", "..") for segment in re.split(r"[/\\]", text)):
        yield "has a segment '.' or '..'; a path without them is allowed"
