"""Clients that came by TCP are told that there is HTTP/3, by the header alt-svc of whatever they get.

https://www.rfc-editor.org/rfc/rfc9114#section-3.1.1, https://www.rfc-editor.org/rfc/rfc7838#section-3
"""

from typing import Any, Final

from envoy.config.common.mutation_rules.v3 import mutation_rules_pb2
from envoy.config.core.v3 import base_pb2
from envoy.extensions.filters.http.header_mutation.v3 import header_mutation_pb2
from envoy.extensions.filters.network.http_connection_manager.v3 import http_connection_manager_pb2 as pb

from gatewayd.ir.limits import ALTERNATIVE_SECONDS
from gatewayd.xds.encoding import packed

NAME: Final = "alternative"
HEADER: Final = "alt-svc"


def alternative(port: int) -> list[Any]:
    """Return the filter that tells of HTTP/3 at a port, none for 0.

    It stands before all others, so that it sees their answers too. What a backend says under this name is of ports that
    clients do not know.
    """
    if not port:
        return []
    told = base_pb2.HeaderValueOption(
        header=base_pb2.HeaderValue(key=HEADER, value=f'h3=":{port}"; ma={ALTERNATIVE_SECONDS}'),
        append_action=base_pb2.HeaderValueOption.OVERWRITE_IF_EXISTS_OR_ADD,
    )
    mutation = header_mutation_pb2.HeaderMutation(
        mutations=header_mutation_pb2.Mutations(response_mutations=[mutation_rules_pb2.HeaderMutation(append=told)])
    )
    return [pb.HttpFilter(name=NAME, typed_config=packed(mutation))]
