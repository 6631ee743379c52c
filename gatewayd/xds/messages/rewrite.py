"""PathModifier -> the fields by which Envoy changes a path, in a RouteAction or a RedirectAction.

Invariant: the user's text is literal, unless it is an expression: in a regex it is escaped, in a substitution a
backslash is doubled.
Rules and the table of cases: https://gateway-api.sigs.k8s.io/reference/spec/#httppathmodifier
"""

import re
from typing import Any, assert_never

from envoy.type.matcher.v3 import regex_pb2

from gatewayd.ir.http import FullPath, PathMatch, PathModifier, PrefixPath, PrefixReplacement, RegexReplacement
from gatewayd.xds.messages.match import regex


def rewritten_path(modifier: PathModifier | None, path: PathMatch) -> dict[str, Any]:
    """Return the fields (`prefix_rewrite` or `regex_rewrite`, or none) that modify a path that `path` matched.

    Both keep the query: Envoy applies them to the part before it.
    """
    match modifier:
        case None:
            return {}
        case FullPath():
            return {"regex_rewrite": _substitution("^/.*$", modifier.value)}
        case RegexReplacement():
            rewritten = regex_pb2.RegexMatchAndSubstitute(pattern=regex(modifier.pattern), substitution=modifier.value)
            return {"regex_rewrite": rewritten}
        case PrefixReplacement():
            return _replaced_prefix(modifier.value.rstrip("/"), path)
        case _:
            assert_never(modifier)


def _replaced_prefix(value: str, path: PathMatch) -> dict[str, Any]:
    prefix = path.value.rstrip("/") if isinstance(path, PrefixPath) else None
    if prefix is None:
        return {"regex_rewrite": _substitution("^/.*$", value or "/")}
    if value and prefix:
        return {"prefix_rewrite": value}
    if value:
        # The matched prefix is the slash alone, which has to stay between the value and the rest.
        return {"prefix_rewrite": f"{value}/"}
    if prefix:
        # With prefix_rewrite "/", /foo/bar would become //bar (envoy#26055).
        return {"regex_rewrite": _substitution(f"^{re.escape(prefix)}/*", "/")}
    return {}


def _substitution(pattern: str, value: str) -> Any:
    return regex_pb2.RegexMatchAndSubstitute(pattern=regex(pattern), substitution=value.replace("\\", "\\\\"))
