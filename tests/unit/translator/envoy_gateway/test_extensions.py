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
    ("spec", "path"),
    [
        ({"extProc": [{**SERVER, "processingMode": {"request": {"body": "BufferedPartial"}}}]}, "request.body"),
        ({"extProc": [{**SERVER, "processingMode": {"request": {"attributes": ["request.path"]}}}]}, "attributes"),
        ({"extProc": [{**SERVER, "processingMode": {"allowModeOverride": True}}]}, "allowModeOverride"),
        ({"extProc": [{**SERVER, "statusOnError": 403}]}, "statusOnError"),
        ({"extProc": [{}]}, "extProc[0].backendRefs"),
        ({"extProc": [SERVER, SERVER]}, "spec.extProc"),
        ({"lua": [{"type": "Inline", "inline": "x"}]}, "spec.lua"),
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
