"""Compression -> Envoy's compressors, which take a place in the chain where a route asks for them.

Each of them knows one algorithm, and all know from each other which one the client likes best.
https://www.envoyproxy.io/docs/envoy/v1.40.0/api-v3/extensions/filters/http/compressor/v3/compressor.proto
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from envoy.extensions.compression.brotli.compressor.v3 import brotli_pb2
from envoy.extensions.compression.gzip.compressor.v3 import gzip_pb2
from envoy.extensions.compression.zstd.compressor.v3 import zstd_pb2
from envoy.extensions.filters.http.composite.v3 import composite_pb2
from envoy.extensions.filters.http.compressor.v3 import compressor_pb2
from google.protobuf import wrappers_pb2

from gatewayd.ir.policy import Compression
from gatewayd.xds.encoding import extension
from gatewayd.xds.filters.auth import always, composite

NAME = "squeeze"
CONFIG = composite(NAME)
_FILTER = "envoy.filters.http.compressor"
_LIBRARIES: Final[Mapping[str, Any]] = MappingProxyType(
    {"br": brotli_pb2.Brotli(), "gzip": gzip_pb2.Gzip(), "zstd": zstd_pb2.Zstd()}
)


def per_route(compression: Compression) -> Any:
    """Return the configuration of one route."""
    filters = [extension(_FILTER, _compressor(each, compression)) for each in compression.algorithms]
    chain = composite_pb2.FilterChainConfiguration(typed_config=filters)
    return always(_FILTER, composite_pb2.ExecuteFilterAction(filter_chain=chain))


def _compressor(algorithm: str, compression: Compression) -> Any:
    common = compressor_pb2.Compressor.CommonDirectionConfig(
        min_content_length=wrappers_pb2.UInt32Value(value=compression.min_bytes) if compression.min_bytes else None,
        content_type=compression.content_types,
    )
    return compressor_pb2.Compressor(
        compressor_library=extension(algorithm, _LIBRARIES[algorithm]),
        # Of what the client likes as well as others.
        choose_first=algorithm == compression.algorithms[0],
        response_direction_config=compressor_pb2.Compressor.ResponseDirectionConfig(common_config=common),
    )
