"""What deploy/grafana/proxies.json shows is what a real Envoy tells of, by the names and labels that it has."""

import json
import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.feature.harness.manifests import http_route
from tests.feature.harness.policies import EDGE
from tests.feature.harness.world import World

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

DASHBOARD = json.loads((Path(__file__).parents[2] / "deploy" / "grafana" / "proxies.json").read_text(encoding="utf-8"))
QUERIES = [
    *(target["expr"] for panel in DASHBOARD["panels"] for target in panel.get("targets", ())),
    *(each["query"]["query"] for each in DASHBOARD["templating"]["list"] if each["type"] == "query"),
]
SERIES = re.compile(r"\b(envoy_[a-z_]+)\{")
LABELS = re.compile(r"\b(envoy_[a-z_]+)!?=|\bby \((envoy_[a-z_]+)")
SAMPLE = re.compile(r"^(envoy_[a-z_]+)\{(.*)\}", re.MULTILINE)
LABEL = re.compile(r'([a-z_]+)="')
OF_QUERY = re.compile(r"label_values\((envoy_[a-z_]+)")


async def counted(world: World) -> Mapping[str, set[str]]:
    """Return the names of labels by series, as an Envoy that was asked something tells of them."""
    await world.apply(http_route("counted", "\n- backendRefs: [{name: one, port: 80}]\n", host="counted.example"))
    assert (await world.ask("/", host="counted.example")).status == 200
    text = (await world.envoys[EDGE].get("/stats/prometheus")).decode()
    return {name: set(LABEL.findall(labels)) for name, labels in SAMPLE.findall(text)}


async def test_every_series_and_every_label_of_envoy_exists(world: World) -> None:
    told = await counted(world)
    for query in QUERIES:
        series = {*SERIES.findall(query), *OF_QUERY.findall(query)}
        assert series - told.keys() == set(), query
        labels = {name for names in LABELS.findall(query) for name in names if name}
        assert all(labels <= told[name] for name in series), query
