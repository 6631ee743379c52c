"""What a client says of itself."""

import pytest
from envoy.config.core.v3 import base_pb2

from gatewayd.ads.protocol.node import node_of
from gatewayd.ads.protocol.subscription import ProtocolError
from gatewayd.ir.limits import DEFAULT_DRAIN_SECONDS, NODE_BYTES
from gatewayd.xds.bootstrap import DRAIN_FIELD


def test_its_words_are_kept() -> None:
    message = base_pb2.Node(id="i", cluster="c")
    message.user_agent_build_version.version.major_number = 1
    message.user_agent_build_version.version.minor_number = 40
    message.metadata[DRAIN_FIELD] = 3.0
    node = node_of(message)
    assert (node.id, node.cluster, node.version, node.drain) == ("i", "c", "1.40.0", 3.0)


@pytest.mark.parametrize("seconds", [-1.0, 0.0, 1e9, float("nan")])
def test_a_drain_time_that_nobody_has_is_not_believed(seconds: float) -> None:
    message = base_pb2.Node()
    message.metadata[DRAIN_FIELD] = seconds
    assert node_of(message).drain == DEFAULT_DRAIN_SECONDS


@pytest.mark.parametrize("field", ["id", "cluster", "user_agent_name", "user_agent_version"])
def test_long_words_break_the_protocol(field: str) -> None:
    assert node_of(base_pb2.Node(**{field: "x" * NODE_BYTES}))  # type: ignore[arg-type]
    for text in ("x" * (NODE_BYTES + 1), "é" * (NODE_BYTES // 2 + 1), "x" * 31_000_000):
        with pytest.raises(ProtocolError, match=rf"^node\.{field}: \d+ bytes; at most 320 are allowed"):
            node_of(base_pb2.Node(**{field: text}))  # type: ignore[arg-type]


def test_the_longest_name_of_a_gateway_is_no_longer_than_a_client_may_say() -> None:
    longest = f"{'n' * 63}/{'g' * 253}"
    assert node_of(base_pb2.Node(id="p" * 253, cluster=longest)).cluster == longest
