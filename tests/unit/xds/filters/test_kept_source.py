from envoy.config.route.v3 import route_components_pb2
from envoy.extensions.filters.http.original_src.v3 import original_src_pb2

from gatewayd.ir.filters import KeptSource
from gatewayd.ir.proxy import RedirectedTraffic
from gatewayd.xds.filters import kept_source
from gatewayd.xds.filters.chain import filter_fields
from gatewayd.xds.messages.mesh_manager import mesh_manager


def test_it_stands_in_chains_of_proxies_that_may_use_other_addresses_alone() -> None:
    for keeps in (False, True):
        names = [each.name for each in mesh_manager(RedirectedTraffic(port=15001, keeps_source=keeps)).http_filters]
        assert (kept_source.NAME in names) is keeps


def test_it_does_nothing_until_a_route_turns_it_on_and_gives_no_mark() -> None:
    found = kept_source.opted_into()
    assert found.disabled
    config = original_src_pb2.OriginalSrc()
    assert found.typed_config.Unpack(config)
    # Marked packets of the Envoy would be led back to it.
    assert config.mark == 0
    turned_on = route_components_pb2.FilterConfig()
    [(name, value)] = filter_fields((KeptSource(),))["typed_per_filter_config"].items()
    assert value.Unpack(turned_on)
    assert (name, turned_on.disabled, turned_on.HasField("config")) == (kept_source.NAME, False, True)
