from envoy.extensions.filters.http.header_mutation.v3 import header_mutation_pb2

from gatewayd.ir.limits import ALTERNATIVE_SECONDS
from gatewayd.xds.filters.alternative import alternative


def test_clients_are_told_of_a_port() -> None:
    (made,) = alternative(8443)
    config = header_mutation_pb2.HeaderMutation()
    assert made.typed_config.Unpack(config)
    (mutation,) = config.mutations.response_mutations
    told = mutation.append
    assert (told.header.key, told.header.value) == ("alt-svc", f'h3=":8443"; ma={ALTERNATIVE_SECONDS}')
    assert told.append_action == told.OVERWRITE_IF_EXISTS_OR_ADD


def test_without_a_port_there_is_no_filter() -> None:
    assert alternative(0) == []
