"""New paths of rewrites and redirects -> PathModifiers whose text is a path, and nothing but a path.

The CRD lets any text through. What a URL has one way to write is written in that way, percent-encoded; what would be
something else than a path, or another path than it looks like, is refused. Rewrites and redirects have one meaning.
https://gateway-api.sigs.k8s.io/reference/spec/#httppathmodifier, https://www.rfc-editor.org/rfc/rfc3986#section-3.3
"""

import re
from collections.abc import Iterator
from urllib.parse import quote

from gatewayd.api.httproute import HTTPPathModifier
from gatewayd.api.names import shown
from gatewayd.ir.http import FullPath, PathModifier, PrefixReplacement
from gatewayd.translator.problems import Unsupported

_PLAIN = "/-._~!$&'()*+,;=:@%"
"""What a path may have beside letters and digits; "%" begins an escape, which has been looked at by then."""

_ESCAPE = re.compile("%([0-9A-Fa-f]{2})?")
_DOT = re.compile("%2e", re.IGNORECASE)


def new_path(path: str, modifier: HTTPPathModifier) -> PathModifier | Unsupported:
    """Return what a modifier does; `path` is its field path."""
    full = modifier.type == "ReplaceFullPath"
    text = (modifier.replace_full_path if full else modifier.replace_prefix_match) or ""
    wrong = next(_wrong(text), None)
    if wrong is not None:
        return Unsupported(f"{path}.{'replaceFullPath' if full else 'replacePrefixMatch'}: {shown(text)} {wrong}")
    written = quote(text, safe=_PLAIN)
    # Nothing in place of a prefix is the rest of the path; in place of a path it is the shortest path there is.
    return FullPath(value=written or "/") if full else PrefixReplacement(value=written)


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
