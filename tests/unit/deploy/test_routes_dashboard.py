import json
import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
DASHBOARD = json.loads((ROOT / "deploy" / "grafana" / "routes.json").read_text(encoding="utf-8"))
PAGE = (ROOT / "docs" / "telemetry.md").read_text(encoding="utf-8").partition("## Metrics of a route")[2]
PREFIX = "envoy_vhost_route_upstream_rq"
EXPRESSIONS = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]


def test_what_is_shown_is_what_the_page_tells_of() -> None:
    """tests/feature/test_telemetry_page.py has an Envoy count it."""
    told = set(re.findall(rf"`(?:{PREFIX})?(_[a-z]+)`", PAGE))
    shown = {name for each in EXPRESSIONS for name in re.findall(rf"{PREFIX}(_[a-z]+?)(?:_bucket)?\{{", each)}
    assert len(shown) == len(EXPRESSIONS)
    assert shown - told == set()


def test_every_query_is_about_the_chosen_routes() -> None:
    assert [each for each in EXPRESSIONS if 'route=~"$route"' not in each] == []
