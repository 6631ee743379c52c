import pytest
from envoy.config.route.v3 import route_components_pb2, route_pb2
from envoy.extensions.filters.http.lua.v3 import lua_pb2
from envoy.extensions.http.early_header_mutation.header_mutation.v3 import header_mutation_pb2

from gatewayd.ir.client_settings import STANDARD_CLIENTS
from gatewayd.ir.http import RouteTableKey
from gatewayd.xds.filters.scope import HEADER, KNOWN, own_scope, scope, scope_filter, scoped_fields, scoped_tail

SECURE = RouteTableKey(port=443, listener="shop/set/web")


def test_the_key_is_the_table_and_the_host_up_to_its_port() -> None:
    fields = scoped_fields(SECURE, STANDARD_CLIENTS)
    set_key = header_mutation_pb2.HeaderMutation()
    assert fields["early_header_mutation_extensions"][0].typed_config.Unpack(set_key)
    header = set_key.mutations[-1].append.header
    assert (header.key, header.value) == (HEADER, "443/shop/set/web:%REQ(:AUTHORITY)%")
    extractors = [each.header_value_extractor for each in fields["scoped_routes"].scope_key_builder.fragments]
    assert [(each.name, each.element_separator, each.index) for each in extractors] == [
        (HEADER, ":", 0),
        (HEADER, ":", 1),
    ]


def test_what_a_client_says_of_the_key_is_not_believed() -> None:
    set_key = header_mutation_pb2.HeaderMutation()
    assert scoped_fields(SECURE, STANDARD_CLIENTS)["early_header_mutation_extensions"][0].typed_config.Unpack(set_key)
    append = set_key.mutations[-1].append
    assert append.append_action == append.OVERWRITE_IF_EXISTS_OR_ADD


def test_a_scope_leads_a_host_to_a_configuration() -> None:
    made = scope(SECURE, "a.example", "443/shop/set/web:#7")
    assert (made.name, made.route_configuration_name) == ("443/shop/set/web:a.example", "443/shop/set/web:#7")
    assert [each.string_key for each in made.key.fragments] == ["443/shop/set/web", "a.example"]


@pytest.mark.parametrize("within", ["*", "#7", "=a.example"])
def test_a_configuration_is_led_to_by_its_own_name(within: str) -> None:
    made = own_scope(SECURE, f"443/shop/set/web:{within}")
    assert made.name == made.route_configuration_name == f"443/shop/set/web:{within}"
    assert [each.string_key for each in made.key.fragments] == ["443/shop/set/web", within]


def test_found_routes_skip_the_script_and_backends_do_not_see_the_key() -> None:
    tail = route_pb2.RouteConfiguration.FromString(scoped_tail(("one", "two")))
    assert list(tail.request_headers_to_remove) == [HEADER]
    off = route_components_pb2.FilterConfig()
    assert tail.typed_per_filter_config[scope_filter().name].Unpack(off)
    assert off.disabled
    assert set(tail.typed_per_filter_config) == {scope_filter().name, "one", "two"}


def test_the_script_asks_for_what_known_hosts_say() -> None:
    known = route_components_pb2.VirtualHost.FromString(KNOWN).metadata.filter_metadata
    assert dict(known[scope_filter().name]) == {"known": True}
    script = lua_pb2.Lua()
    assert scope_filter().typed_config.Unpack(script)
    assert 'metadata():get("known")' in script.default_source_code.inline_string
