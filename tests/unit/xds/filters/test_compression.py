from typing import Any

from envoy.extensions.filters.http.composite.v3 import composite_pb2
from envoy.extensions.filters.http.compressor.v3 import compressor_pb2

from gatewayd.ir.policy import Compression
from gatewayd.xds.filters.compression import per_route


def compressors(compression: Compression) -> list[Any]:
    executed = composite_pb2.ExecuteFilterAction()
    assert per_route(compression).xds_matcher.on_no_match.action.typed_config.Unpack(executed)
    found = [compressor_pb2.Compressor() for _ in executed.filter_chain.typed_config]
    for each, compressor in zip(executed.filter_chain.typed_config, found, strict=True):
        assert each.typed_config.Unpack(compressor)
    return found


def test_each_algorithm_has_a_compressor_and_the_first_is_preferred() -> None:
    made = compressors(Compression(algorithms=("zstd", "br", "gzip"), min_bytes=0, content_types=()))
    assert [(each.compressor_library.name, each.choose_first) for each in made] == [
        ("zstd", True),
        ("br", False),
        ("gzip", False),
    ]
    common = made[0].response_direction_config.common_config
    assert (common.HasField("min_content_length"), list(common.content_type)) == (False, [])


def test_only_what_is_worth_it() -> None:
    (made,) = compressors(Compression(algorithms=("br",), min_bytes=100, content_types=("text/x-log",)))
    common = made.response_direction_config.common_config
    assert (common.min_content_length.value, list(common.content_type)) == (100, ["text/x-log"])
