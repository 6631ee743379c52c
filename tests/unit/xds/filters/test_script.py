import pytest
from envoy.extensions.filters.http.composite.v3 import composite_pb2
from envoy.extensions.filters.http.lua.v3 import lua_pb2

from gatewayd.ir import reserved, scripts
from gatewayd.ir.scripts import Script
from gatewayd.untrusted.lua_words import NoLua, words
from gatewayd.xds.filters import processing
from gatewayd.xds.filters.chain import filter_fields
from gatewayd.xds.filters.script import per_route

CODE = "local a = 1\nfunction envoy_on_request(handle) end -- end"


def source(script: Script) -> str:
    execute, lua = composite_pb2.ExecuteFilterAction(), lua_pb2.Lua()
    assert per_route(script).xds_matcher.on_no_match.action.typed_config.Unpack(execute)
    assert execute.typed_config.typed_config.Unpack(lua)
    return lua.default_source_code.inline_string


def test_a_script_stands_in_its_frame_with_its_lines() -> None:
    first, *others = source(Script(code=CODE)).split("\n")
    assert first.endswith("run(function() local run local a = 1")
    assert others == ["function envoy_on_request(handle) end -- end", "end)"]
    assert not isinstance(words(source(Script(code=CODE))), NoLua)


@pytest.mark.parametrize("name", sorted(scripts.WITHHELD_NAMES | scripts.WITHHELD_METHODS))
def test_the_frame_takes_away_what_is_withheld(name: str) -> None:
    assert f"{name}=true" in source(Script(code=CODE))


@pytest.mark.parametrize("names", [scripts.WITHHELD_NAMES, scripts.WITHHELD_METHODS, scripts.KEPT_OF_OS])
def test_the_frame_is_the_same_in_all_replicas(names: frozenset[str]) -> None:
    """A set of names has another order in each process, and another text is another version of all that has it."""
    assert f"{{{','.join(f'{each}=true' for each in sorted(names))}}}" in source(Script(code=CODE))


def test_whatever_changes_a_header_is_looked_at() -> None:
    # https://www.envoyproxy.io/docs/envoy/v1.40.0/configuration/http/http_filters/lua_filter#header-object-api
    assert " local edits={add=true,remove=true,replace=true} " in source(Script(code=CODE))


def test_names_of_headers_stand_in_order() -> None:
    withheld = ",".join(f'["{each}"]=true' for each in sorted((*reserved.NAMES, reserved.HOST)))
    assert f"{{{withheld}}}" in source(Script(code=CODE))


def test_its_place_is_that_of_a_server_that_sees_messages() -> None:
    assert list(filter_fields([Script(code=CODE)])["typed_per_filter_config"]) == [processing.NAME]
