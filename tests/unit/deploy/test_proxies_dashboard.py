"""deploy/grafana/proxies.json; tests/feature/test_proxies_dashboard.py has an Envoy count what it shows."""

import json
from pathlib import Path

ROOT = Path(__file__).parents[3]
DASHBOARD = json.loads((ROOT / "deploy" / "grafana" / "proxies.json").read_text(encoding="utf-8"))
MONITOR = (ROOT / "deploy" / "helm" / "gatewayd" / "templates" / "podmonitor.yaml").read_text(encoding="utf-8")
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
EXPRESSIONS = [target["expr"] for panel in PANELS for target in panel["targets"]]


def test_every_query_is_about_the_chosen_gateways() -> None:
    of_envoy = [each for each in EXPRESSIONS if "envoy_" in each]
    assert [each for each in of_envoy if 'namespace=~"$namespace", gateway=~"$gateway"' not in each] == []
    assert "targetLabel: gateway" in MONITOR


def test_every_panel_says_what_it_shows() -> None:
    assert [panel["title"] for panel in PANELS if not panel["description"]] == []


def test_panels_do_not_overlap() -> None:
    cells = [
        (at["x"] + x, at["y"] + y)
        for at in (panel["gridPos"] for panel in DASHBOARD["panels"])
        for x in range(at["w"])
        for y in range(at["h"])
    ]
    assert len(cells) == len(set(cells))
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(ids) == len(set(ids))
