import pytest
from envoy.config.core.v3 import base_pb2
from envoy.config.route.v3 import route_components_pb2

from gatewayd.xds.encoding import ADS, extension, field, field_head, milliseconds, packed, seconds, serialised


@pytest.mark.parametrize("size", [0, 1, 127, 128, 16_383, 16_384, 300_000])
def test_a_field_is_what_the_library_writes(size: int) -> None:
    routes = [route_components_pb2.Route(name="r" * size)]
    whole = serialised(route_components_pb2.VirtualHost(routes=routes))
    assert field(route_components_pb2.VirtualHost.ROUTES_FIELD_NUMBER, serialised(routes[0])) == whole


def test_a_high_field_number() -> None:
    assert field(1000, b"x") == bytes([0xC2, 0x3E, 1]) + b"x"


def test_a_head_goes_before_the_bytes_of_a_field() -> None:
    assert field_head(3, 300) + b"x" * 300 == field(3, b"x" * 300)


def test_maps_are_written_in_one_order() -> None:
    keys = [str(number) for number in range(50)]
    one = base_pb2.Metadata(filter_metadata={key: {} for key in keys})
    other = base_pb2.Metadata(filter_metadata={key: {} for key in reversed(keys)})
    assert serialised(one) == serialised(other)


def test_packed() -> None:
    message = base_pb2.Locality(zone="z")
    assert packed(message).type_url == "type.googleapis.com/envoy.config.core.v3.Locality"
    assert packed(message).value == serialised(message)
    assert extension("name", message).typed_config == packed(message)


def test_durations() -> None:
    assert (milliseconds(1234).seconds, milliseconds(1234).nanos) == (1, 234_000_000)
    assert seconds(5) == milliseconds(5000)


def test_ads_waits_for_ever() -> None:
    assert ADS.HasField("ads")
    assert ADS.HasField("initial_fetch_timeout")
    assert ADS.initial_fetch_timeout.ToMilliseconds() == 0
