from structlog.testing import capture_logs

from gatewayd.ads.stream_ending import Cause, EndedStream
from gatewayd.ir.fleet import GatewayFleet
from gatewayd.ir.limits import ENDED_STREAMS_SECONDS
from gatewayd.run.ended_streams import EndedStreams
from gatewayd.telemetry.metrics import Metrics

EDGE, OTHER = GatewayFleet(namespace="infra", name="edge"), GatewayFleet(namespace="infra", name="other")


class Rig:
    def __init__(self) -> None:
        self.now = 0.0
        self.streams = EndedStreams(Metrics("1"), lambda: self.now)

    def told(self, *ended: EndedStream) -> list[tuple[str, str, str]]:
        with capture_logs() as lines:
            for each in ended:
                self.streams.hear(each)
        assert {line["event"] for line in lines} <= {"stream ended"}
        return [(line["gateway"], line["node"], line["cause"]) for line in lines]


def cut(node: str, cause: Cause = Cause.STALLED, gateway: GatewayFleet = EDGE) -> EndedStream:
    return EndedStream(gateway=gateway, node=node, cause=cause)


def test_the_first_of_many_is_told_in_the_log() -> None:
    rig = Rig()
    assert rig.told(*(cut(f"pod-{number}") for number in range(1_000))) == [("infra/edge", "pod-0", "stalled")]
    rig.now = ENDED_STREAMS_SECONDS - 1
    assert rig.told(cut("pod-0")) == []
    rig.now = ENDED_STREAMS_SECONDS
    assert rig.told(cut("pod-1"), cut("pod-2")) == [("infra/edge", "pod-1", "stalled")]


def test_causes_and_gateways_are_apart() -> None:
    found = Rig().told(cut("a"), cut("b", Cause.SILENT), cut("c", gateway=OTHER))
    assert found == [("infra/edge", "a", "stalled"), ("infra/edge", "b", "silent"), ("infra/other", "c", "stalled")]


def test_what_is_over_is_forgotten() -> None:
    rig = Rig()
    rig.told(*(cut("a", gateway=GatewayFleet(namespace="infra", name=str(number))) for number in range(100)))
    assert len(rig.streams) == 100
    rig.now = ENDED_STREAMS_SECONDS
    rig.told(cut("a"))
    assert len(rig.streams) == 1
