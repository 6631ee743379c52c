from gatewayd.infra.installation import LABELS, SELECTOR
from gatewayd.infra.monitoring import ALERTS, monitoring
from gatewayd.telemetry.metrics import Metrics

MADE = {each["kind"]: each for each in monitoring("gateways", LABELS, SELECTOR)}


def test_alerts_are_about_metrics_that_there_are() -> None:
    samples = {family.name for family in Metrics(version="1").registry.collect()}
    for alert in ALERTS:
        assert any(name in alert.expression for name in samples if name.startswith("gatewayd_")), alert.name
    assert len({each.name for each in ALERTS}) == len(ALERTS)


def test_a_rule_says_what_it_means() -> None:
    (group,) = MADE["PrometheusRule"]["spec"]["groups"]
    assert [rule["alert"] for rule in group["rules"]] == [alert.name for alert in ALERTS]
    assert all(rule["annotations"]["summary"] and rule["labels"]["severity"] for rule in group["rules"])


def test_proxies_of_all_namespaces_are_read_where_they_answer() -> None:
    spec = MADE["PodMonitor"]["spec"]
    assert spec["namespaceSelector"] == {"any": True}
    assert spec["podMetricsEndpoints"][0]["port"] == "probes"
    assert spec["podMetricsEndpoints"][0]["path"] == "/stats/prometheus"


def test_the_control_plane_is_found_by_its_service() -> None:
    assert MADE["ServiceMonitor"]["spec"]["selector"] == {"matchLabels": SELECTOR}
    assert MADE["ServiceMonitor"]["metadata"]["namespace"] == "gateways"
