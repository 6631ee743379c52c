"""Responses by what they carry."""

from envoy.service.discovery.v3 import discovery_pb2

from gatewayd.ads.sharing.comparisons import Versions
from gatewayd.ads.sharing.delta_responses import Departures
from gatewayd.ads.sharing.response_encoder import Envelope
from gatewayd.xds.resource import CLUSTER, ENDPOINT, LISTENER, Resources, resource


def resources(**bodies: str) -> Resources:
    return {name: resource(ENDPOINT, name, body.encode()) for name, body in bodies.items()}


class Rig:
    def __init__(self) -> None:
        self.envelope = Envelope()
        self.departures = Departures(self.envelope, Versions())

    def said(self, target: Resources, *names: str) -> tuple[list[str], list[str]]:
        push = self.departures(ENDPOINT, target, names)
        message = discovery_pb2.DeltaDiscoveryResponse.FromString(push.data)
        return [each.name for each in message.resources], list(message.removed_resources)


def test_what_the_target_has_is_made_and_the_rest_is_removed() -> None:
    assert Rig().said(resources(a="1", b="1", c="1"), "gone", "c", "a", "away") == (["a", "c"], ["away", "gone"])


def test_the_same_is_put_together_once_in_whatever_order() -> None:
    rig, target = Rig(), resources(a="1", b="1")
    first = rig.departures(ENDPOINT, target, ("a", "b"))
    assert rig.departures(ENDPOINT, target, ("b", "a")) is first
    assert (rig.envelope.cost.responses, rig.envelope.cost.shared) == (1, 1)


def test_targets_and_names_are_told_apart() -> None:
    rig, one, two = Rig(), resources(a="1", b="1"), resources(a="2", b="1")
    found = [rig.departures(ENDPOINT, *what) for what in ((one, ("a",)), (two, ("a",)), (one, ("a", "b")))]
    assert len({push.nonce for push in found}) == 3


def test_types_that_share_a_target_are_told_apart() -> None:
    rig, nothing = Rig(), resources()
    for names in ((), ("gone",)):
        found = [rig.departures(url, nothing, names).type_url for url in (CLUSTER, LISTENER)]
        assert found == [CLUSTER, LISTENER]


def test_equal_content_is_the_same_object_whatever_the_target() -> None:
    rig, one, two = Rig(), resources(a="1", b="1"), resources(a="2", b="1")
    assert rig.departures(ENDPOINT, one, ("b",)) is rig.departures(ENDPOINT, two, ("b",))


def test_what_nobody_sends_between_two_sweeps_is_forgotten() -> None:
    rig, target = Rig(), resources(a="1")
    rig.departures(ENDPOINT, target, ("a",))
    rig.departures.sweep()
    rig.departures.sweep()
    assert len(rig.departures._memo) == 0
