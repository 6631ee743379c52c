import pytest
from envoy.config.core.v3 import base_pb2

from gatewayd.ir.filters import CopiedHeader, HeaderChanges, RequestHeaders, RequestValue, ResponseHeaders
from gatewayd.xds.filters.header import header_fields, host_to_set
from tests.unit.xds.shorthand import changes

OVERWRITE = base_pb2.HeaderValueOption.OVERWRITE_IF_EXISTS_OR_ADD
APPEND = base_pb2.HeaderValueOption.APPEND_IF_EXISTS_OR_ADD


def test_set_add_remove() -> None:
    fields = header_fields("request", [changes(put=(("X-Set", "1"),), add=(("x-add", ""),), remove=("x-gone",))])
    options = fields["request_headers_to_add"]
    assert [(each.header.key, each.header.value, each.append_action) for each in options] == [
        ("X-Set", "1", OVERWRITE),
        ("x-add", "", APPEND),
    ]
    assert all(each.keep_empty_value for each in options)
    assert fields["request_headers_to_remove"] == ["x-gone"]


@pytest.mark.parametrize(("value", "written"), [("%REQ(:path)%", "%%REQ(:path)%%"), ("100%", "100%%"), ("%%", "%%%%")])
def test_values_are_literal(value: str, written: str) -> None:
    (option,) = header_fields("response", [changes(put=(("x", value),))])["response_headers_to_add"]
    assert option.header.value == written


def test_what_envoy_refuses_to_change_is_left_out() -> None:
    fields = header_fields("request", [changes(put=(("Host", "a"), (":path", "/")), remove=("host", ":method"))])
    assert fields == {"request_headers_to_add": [], "request_headers_to_remove": []}


def test_a_later_removal_takes_back_what_was_added_before() -> None:
    fields = header_fields(
        "request", [changes(put=(("X", "1"),), add=(("y", "2"),)), changes(add=(("z", "3"),), remove=("x",))]
    )
    assert [each.header.key for each in fields["request_headers_to_add"]] == ["y", "z"]
    assert fields["request_headers_to_remove"] == ["x"]


def test_host() -> None:
    setting = RequestHeaders(changes=changes(put=(("x", "1"), ("HOST", "a.example"))))
    assert host_to_set((ResponseHeaders(changes=setting.changes), setting)) == "a.example"
    assert host_to_set((ResponseHeaders(changes=setting.changes),)) is None


def test_what_a_request_has_is_substituted_and_leaves_nothing_where_it_is_not_there() -> None:
    copied = (
        CopiedHeader(name="x-from", source=RequestValue.CLIENT_ADDRESS),
        CopiedHeader(name="x-copy", source="Host"),
        CopiedHeader(name="x-host", source=RequestValue.HOST),
    )
    made = HeaderChanges(set=(), add=(), remove=(), copied=copied)
    options = header_fields("request", [made])["request_headers_to_add"]
    assert [(each.header.key, each.header.value) for each in options] == [
        ("x-from", "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%"),
        ("x-copy", "%REQ(Host)%"),
        ("x-host", "%REQ(:AUTHORITY)%"),
    ]
    assert not any(each.keep_empty_value for each in options)
    assert all(each.append_action == OVERWRITE for each in options)


def test_every_property_has_a_command() -> None:
    for source in RequestValue:
        made = HeaderChanges(set=(), add=(), remove=(), copied=(CopiedHeader(name="x", source=source),))
        (option,) = header_fields("response", [made])["response_headers_to_add"]
        assert option.header.value.startswith("%")
