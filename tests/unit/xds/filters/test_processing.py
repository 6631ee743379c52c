from dataclasses import replace
from typing import Any

from envoy.extensions.filters.http.composite.v3 import composite_pb2
from envoy.extensions.filters.http.ext_proc.v3 import ext_proc_pb2, processing_mode_pb2
from envoy.extensions.filters.http.header_mutation.v3 import header_mutation_pb2

from gatewayd.ir.backend import Protocol, Upstream
from gatewayd.ir.processing import Processing, ShownBody
from gatewayd.xds.filters.auth import MUTATION_RULES
from gatewayd.xds.filters.processing import CONFIG, NAME, per_route

_Mode = processing_mode_pb2.ProcessingMode
WAF = Processing(
    upstream=Upstream(kind="Service", namespace="shop", name="waf", port=9000, protocol=Protocol.HTTP2),
    request=ShownBody.NONE,
    response=None,
    timeout_ms=300,
    fails_open=False,
)


def filters(of: Processing) -> list[Any]:
    execute = composite_pb2.ExecuteFilterAction()
    per_route(of).xds_matcher.on_no_match.action.typed_config.Unpack(execute)
    if not execute.HasField("filter_chain"):
        return [execute.typed_config.typed_config]
    return [each.typed_config for each in execute.filter_chain.typed_config]


def read(packed: Any, into: Any) -> Any:
    assert packed.Unpack(into)
    return into


def test_what_stands_in_the_chain_is_an_empty_place() -> None:
    assert CONFIG.extension_config.name == NAME


def test_who_sees_what_and_what_it_may_not_do() -> None:
    (only,) = filters(WAF)
    found = read(only, ext_proc_pb2.ExternalProcessor())
    assert found.grpc_service.envoy_grpc.cluster_name == "shop/waf/9000/http2"
    mode = found.processing_mode
    assert (mode.request_header_mode, mode.request_body_mode) == (_Mode.SEND, _Mode.NONE)
    assert (mode.response_header_mode, mode.response_body_mode) == (_Mode.SKIP, _Mode.NONE)
    assert (found.failure_mode_allow, found.status_on_error.code) == (False, 503)
    assert (found.message_timeout.ToMilliseconds(), found.allow_mode_override) == (300, False)
    assert found.route_cache_action == ext_proc_pb2.ExternalProcessor.RETAIN
    assert found.mutation_rules == MUTATION_RULES
    assert read(filters(replace(WAF, fails_open=True))[0], ext_proc_pb2.ExternalProcessor()).failure_mode_allow


def test_a_body_in_pieces_needs_nothing_more() -> None:
    (only,) = filters(replace(WAF, request=ShownBody.PIECES))
    mode = read(only, ext_proc_pb2.ExternalProcessor()).processing_mode
    assert mode.request_body_mode == _Mode.STREAMED


def test_a_message_whose_whole_body_may_change_does_not_say_how_long_it_is() -> None:
    before, seen, after = filters(replace(WAF, request=ShownBody.WHOLE, response=ShownBody.WHOLE))
    assert read(seen, ext_proc_pb2.ExternalProcessor()).processing_mode.request_body_mode == _Mode.BUFFERED
    first, last = (read(each, header_mutation_pb2.HeaderMutation()).mutations for each in (before, after))
    assert [each.remove for each in first.request_mutations] == ["content-length"]
    assert [each.remove for each in last.response_mutations] == ["content-length"]
    assert not first.response_mutations
    assert not last.request_mutations
    _, _, after = filters(replace(WAF, request=ShownBody.WHOLE))
    assert not read(after, header_mutation_pb2.HeaderMutation()).mutations.response_mutations
