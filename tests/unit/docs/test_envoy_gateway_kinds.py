"""docs/envoy-gateway-kinds.md has every field of the kinds that are taken."""

import runpy

from tests.unit.docs.test_links import ROOT

PAGE = ROOT / "docs" / "envoy-gateway-kinds.md"


def test_the_tables_are_what_the_structs_say() -> None:
    made = runpy.run_path(str(ROOT / "docs" / "envoy_gateway_kinds.py"))["page"]()
    assert PAGE.read_text(encoding="utf-8") == made, "stale: run `python docs/envoy_gateway_kinds.py`"
