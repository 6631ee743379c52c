from typing import Any

import pytest

from gatewayd.translator.envoy_gateway.extensions import extensions, what_extensions_close
from tests.unit.envoy_gateway import plain

SERVER = {"backendRefs": [{"name": "waf", "port": 80}]}


def test_a_server_and_what_it_is_shown() -> None:
    mode = {"request": {"body": "Buffered"}, "response": {}}
    found = extensions({"extProc": [{**SERVER, "processingMode": mode, "messageTimeout": "1s"}]}, "shop")
    [section] = found.sections
    assert (section.name, section.path) == ("external_processing", "spec.extProc")
    assert plain(section.value) == {
        "backendRef": {"name": "waf", "port": 80},
        "request": {"body": "Buffered"},
        "response": {},
        "timeout": "1s",
    }
    assert not found.refused
    assert not found.differs


@pytest.mark.parametrize(
    ("script", "section"),
    [
        ({"inline": "x"}, {"inline": "x"}),
        (
            {"type": "ValueRef", "valueRef": {"group": "", "kind": "ConfigMap", "name": "code"}},
            {"configMapRef": {"name": "code"}},
        ),
    ],
)
def test_a_script(script: dict[str, Any], section: dict[str, Any]) -> None:
    found = extensions({"lua": [script]}, "shop")
    assert [(each.name, each.path, plain(each.value)) for each in found.sections] == [("lua", "spec.lua", section)]
    assert not found.refused


@pytest.mark.parametrize(
    ("spec", "path"),
    [
        ({"extProc": [{**SERVER, "processingMode": {"request": {"body": "BufferedPartial"}}}]}, "request.body"),
        ({"extProc": [{**SERVER, "processingMode": {"request": {"attributes": ["request.path"]}}}]}, "attributes"),
        ({"extProc": [{**SERVER, "processingMode": {"allowModeOverride": True}}]}, "allowModeOverride"),
        ({"extProc": [{**SERVER, "statusOnError": 403}]}, "statusOnError"),
        ({"extProc": [{}]}, "extProc[0].backendRefs"),
        ({"extProc": [SERVER, SERVER]}, "spec.extProc"),
        ({"lua": [{"inline": "x"}, {"inline": "x"}]}, "spec.lua"),
        ({"lua": [{"inline": "x"}], "extProc": [SERVER]}, "spec.lua"),
        ({"lua": [{"type": "ValueRef", "inline": "x"}]}, "spec.lua[0]"),
        ({"lua": [{"type": "Inline"}]}, "spec.lua[0]"),
        ({"lua": [{"inline": "x", "valueRef": {"kind": "ConfigMap", "name": "a"}}]}, "spec.lua[0]"),
        ({"lua": [{"inline": ""}]}, "spec.lua[0].inline"),
        ({"lua": [{"inline": "x", "filterContext": {"a": "b"}}]}, "spec.lua[0].filterContext"),
        ({"lua": [{"valueRef": {"kind": "Secret", "name": "a"}}]}, "spec.lua[0].valueRef.kind"),
        ({"wasm": [{"name": "a"}]}, "spec.wasm"),
        ({"mergeType": "JSONMerge", "targetRefs": [{"group": "g", "kind": "Gateway", "name": "a"}]}, "mergeType"),
        ({"extProc": 5}, "spec.extProc"),
    ],
)
def test_what_cannot_be_had_closes(spec: dict[str, Any], path: str) -> None:
    [problem] = what_extensions_close(spec, "shop").refused
    assert problem.path.endswith(path)
    assert what_extensions_close(spec, "shop").sections == ()


def test_fields_that_ask_for_nothing() -> None:
    assert extensions({"lua": [], "wasm": []}, "shop").refused == ()
    assert [each.path for each in extensions({"extProc": [{**SERVER, "failOpen": True}]}, "shop").differs] == [
        "spec.extProc[0].failOpen"
    ]
