"""New paths of rewrites and redirects -> PathModifiers whose text is a path, and nothing but a path.

The CRD lets any text through. What a URL has one way to write is written in that way, percent-encoded; what would be
something else than a path, or another path than it looks like, is refused. Rewrites and redirects have one meaning.
https://gateway-api.sigs.k8s.io/reference/spec/#httppathmodifier, https://www.rfc-editor.org/rfc/rfc3986#section-3.3
"""

from urllib.parse import quote

from gatewayd.api.httproute import HTTPPathModifier
from gatewayd.api.names import shown
from gatewayd.ir.http import FullPath, PathModifier, PrefixReplacement
from gatewayd.translator.problems import Unsupported
from gatewayd.untrusted.new_paths import path_problem

_PLAIN = "/-._~!$&'()*+,;=:@%"
"""What a path may have beside letters and digits; "%" begins an escape, which has been looked at by then."""


def new_path(path: str, modifier: HTTPPathModifier) -> PathModifier | Unsupported:
    """Return what a modifier does; `path` is its field path."""
    full = modifier.type == "ReplaceFullPath"
    text = (modifier.replace_full_path if full else modifier.replace_prefix_match) or ""
    wrong = path_problem(text)
    if wrong:
        return Unsupported(f"{path}.{'replaceFullPath' if full else 'replacePrefixMatch'}: {shown(text)} {wrong}")
    written = quote(text, safe=_PLAIN)
    # Nothing in place of a prefix is the rest of the path; in place of a path it is the shortest path there is.
    return FullPath(value=written or "/") if full else PrefixReplacement(value=written)
