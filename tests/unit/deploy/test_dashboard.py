import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from gatewayd.ir.fleet import GatewayFleet
from gatewayd.ir.outcome import FleetReport
from gatewayd.telemetry.metrics import BatchFacts, Metrics
from gatewayd.xds.resource import CLUSTER, resource, snapshot

DASHBOARD = json.loads((Path(__file__).parents[3] / "deploy" / "grafana" / "gatewayd.json").read_text(encoding="utf-8"))
METRIC = re.compile(r"\b(?:gatewayd|process)_[a-z_]+\b")
LABELS = re.compile(r"\bby \(([a-z, ]+)\)")


def existing() -> tuple[set[str], set[str]]:
    """Return the names of all series and of all their labels, everything having been recorded once."""
    metrics, fleet = Metrics("1"), GatewayFleet(namespace="a", name="b")
    metrics.batch(BatchFacts(seconds=1, changed_rows=1, queries=1))
    metrics.published(snapshot(fleet, [resource(CLUSTER, "c", b"x")]))
    metrics.reported(fleet, FleetReport(connected=1, acked_listeners=frozenset(), rejections=()))
    metrics.pushed(fleet, CLUSTER)
    metrics.refused(fleet, CLUSTER)
    metrics.converged(1)
    metrics.status_written("Gateway", "written")
    metrics.infrastructure_written("Service", "written")
    metrics.watch_restarted("Gateway")
    families = text_string_to_metric_families(metrics.text().decode())
    samples = [sample for family in families for sample in family.samples]
    return {each.name for each in samples}, {label for each in samples for label in each.labels}


def expressions(panels: list[dict[str, Any]]) -> Iterator[str]:
    for panel in panels:
        for target in panel.get("targets", ()):
            yield target["expr"]


EXPRESSIONS = [
    *expressions(DASHBOARD["panels"]),
    *(each["query"]["query"] for each in DASHBOARD["templating"]["list"] if each["type"] == "query"),
]


def test_every_metric_that_is_shown_exists() -> None:
    names, _ = existing()
    assert {name for each in EXPRESSIONS for name in METRIC.findall(each)} - names == set()


def test_every_metric_of_ours_is_shown() -> None:
    names, _ = existing()
    shown = {name for each in EXPRESSIONS for name in METRIC.findall(each)}
    ours = {re.sub(r"_(bucket|count|sum)$", "", each) for each in names if each.startswith("gatewayd_")}
    left_out = {each for each in ours if not any(name.startswith(each) for name in shown)}
    assert {each for each in left_out if not each.endswith("_created")} == set()


def test_every_label_that_is_grouped_by_exists() -> None:
    _, labels = existing()
    used = {name.strip() for each in EXPRESSIONS for names in LABELS.findall(each) for name in names.split(",")}
    assert used - labels == set()


def test_every_query_is_about_one_namespace() -> None:
    assert [each for each in expressions(DASHBOARD["panels"]) if "$namespace" not in each] == []


def test_panels_do_not_overlap() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        at = panel["gridPos"]
        cells = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
        assert not taken & cells, panel["title"]
        assert at["x"] + at["w"] <= 24
        taken |= cells
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(ids) == len(set(ids))
