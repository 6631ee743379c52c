"""WithheldHeaders -> Envoy's header_mutation filter, which does nothing where no route gives it something to do.

https://www.envoyproxy.io/docs/envoy/v1.40.0/api-v3/extensions/filters/http/header_mutation/v3/header_mutation.proto
"""

from functools import lru_cache
from typing import Any

from envoy.config.common.mutation_rules.v3 import mutation_rules_pb2
from envoy.extensions.filters.http.header_mutation.v3 import header_mutation_pb2

from gatewayd.ir.policy import WithheldHeaders

NAME = "clean"
CONFIG = header_mutation_pb2.HeaderMutation()


@lru_cache(maxsize=256)
def per_route(withheld: WithheldHeaders) -> Any:
    """Return the configuration of one route."""
    gone = [mutation_rules_pb2.HeaderMutation(remove=name) for name in withheld.names]
    return header_mutation_pb2.HeaderMutationPerRoute(mutations=header_mutation_pb2.Mutations(request_mutations=gone))
