"""Whether Envoy will take a regular expression: checked with the engine that Envoy itself uses.

https://github.com/google/re2/wiki/Syntax
"""

from functools import lru_cache

import re2

from gatewayd.ir.limits import RE2_PROGRAM_SIZE

_OPTIONS = re2.Options()
_OPTIONS.log_errors = False


@lru_cache(maxsize=10_000)
def regex_problem(pattern: str) -> str | None:
    """Return what is wrong with an expression, None when it can be used."""
    try:
        compiled = re2.compile(pattern, _OPTIONS)
    except re2.error as error:
        shown = error.args[0] if error.args else "bad expression"
        text = shown.decode(errors="replace") if isinstance(shown, bytes) else str(shown)
        return f"{pattern[:80]!r} is not an RE2 expression: {text[:80]}"
    size: int = compiled.programsize
    if size > RE2_PROGRAM_SIZE:
        return f"{pattern[:80]!r} compiles to {size} instructions; at most {RE2_PROGRAM_SIZE} are allowed"
    return None
