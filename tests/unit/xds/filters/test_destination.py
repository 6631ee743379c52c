from gatewayd.ir.http import RouteTableKey
from gatewayd.ir.proxy import RedirectedTraffic
from gatewayd.xds.filters.destination import destination_fields, destination_scope, destination_tail
from gatewayd.xds.filters.scope import HEADER

KEY = RouteTableKey(port=15001, listener="", destination="[fd00::1]:80")


def test_a_scope_leads_from_the_port_and_the_destination_to_its_routes() -> None:
    scope = destination_scope(KEY)
    assert scope.name == scope.route_configuration_name == "15001/[fd00::1]:80"
    assert [each.string_key for each in scope.key.fragments] == ["15001|[fd00::1]:80"]


def test_the_key_is_the_whole_header_and_written_last() -> None:
    fields = destination_fields(RedirectedTraffic(port=15001))
    [fragment] = fields["scoped_routes"].scope_key_builder.fragments
    extractor = fragment.header_value_extractor
    assert (extractor.name, extractor.element_separator, extractor.index) == (HEADER, "", 0)
    [extension] = fields["early_header_mutation_extensions"]
    assert extension.typed_config.value.index(b"x-gatewayd-.*") < extension.typed_config.value.index(b"15001|%DOWN")


def test_no_backend_sees_it() -> None:
    assert HEADER.encode() in destination_tail()
