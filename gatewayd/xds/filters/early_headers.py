"""What is done to the headers of a request before anything else, its route included.

In: the table of headers that clients may not write. Out: an extension of the connection manager.
"""

from typing import Any

from envoy.config.common.mutation_rules.v3 import mutation_rules_pb2
from envoy.extensions.http.early_header_mutation.header_mutation.v3 import header_mutation_pb2
from envoy.type.matcher.v3 import regex_pb2, string_pb2

from gatewayd.ir.edge import NAMES_OF_CLIENTS, PREFIXES_OF_CLIENTS
from gatewayd.xds.encoding import extension

_Mutation = mutation_rules_pb2.HeaderMutation

# One expression costs a request a quarter of what a mutation for each name does.
_NAMES = "|".join((*(f"{prefix}.*" for prefix in PREFIXES_OF_CLIENTS), *NAMES_OF_CLIENTS))
_HIDDEN = string_pb2.StringMatcher(safe_regex=regex_pb2.RegexMatcher(regex=_NAMES))
_REMOVAL = _Mutation(remove_on_match=_Mutation.RemoveOnMatch(key_matcher=_HIDDEN))


def early_mutation(*more: Any) -> list[Any]:
    """Return the extension that takes away what clients may not write, and then does `more` mutations."""
    mutation = header_mutation_pb2.HeaderMutation(mutations=[_REMOVAL, *more])
    return [extension("envoy.http.early_header_mutation.header_mutation", mutation)]
