"""What is left out of what goes to somebody else: everything in which a user may have written a secret.

In: values of JSON, such as Envoy's configuration. Out: the same with a word in the place of values of headers that are
set or asked for, of cookies and parameters, of bodies, scripts, inline data and attributes of spans. Names stay: they
tell what is there.
"""

from collections.abc import Mapping
from typing import Any, Final

from gatewayd.xds.dump import REDACTED, without_private

_VALUES: Final = frozenset({
    "body", "exact", "exact_match", "contains", "contains_match", "inline_bytes", "inline_string", "literal",
    "prefix_match", "raw_value", "safe_regex_match", "string_match", "suffix_match", "users", "credentials",
    "private_key", "password", "local_jwks", "body_format", "text_format_source", "host_redirect", "path_redirect",
    "query_parameters_to_add",
})  # fmt: skip
"""Fields of Envoy's messages whose values users write, other than paths and hosts that routes match."""
_PAIR: Final = frozenset({"key", "value"})


def withheld(value: Any) -> Any:
    """Return a value without what may be a secret."""
    return _withheld(without_private(value))


def _withheld(value: Any) -> Any:
    if isinstance(value, Mapping):
        if value.keys() >= _PAIR and isinstance(value["value"], str):
            # A header that is set.
            return {**{key: _withheld(each) for key, each in value.items()}, "value": REDACTED}
        return {key: REDACTED if key in _VALUES else _withheld(each) for key, each in value.items()}
    return [_withheld(each) for each in value] if isinstance(value, list) else value
