from collections.abc import Iterator

from prometheus_client.parser import text_string_to_metric_families

from gatewayd.ir.fleet import GatewayFleet
from gatewayd.ir.outcome import FleetReport, Rejection
from gatewayd.telemetry.metrics import BatchFacts, Metrics
from gatewayd.telemetry.version import installed_version
from gatewayd.xds.resource import CLUSTER, LISTENER, Resource, Snapshot, TypeUrl, snapshot
from gatewayd.xds.resource import resource as wrapped

EDGE = GatewayFleet(namespace="infra", name="edge")
Labels = dict[str, str]


def samples(metrics: Metrics) -> Iterator[tuple[str, Labels, float]]:
    for family in text_string_to_metric_families(metrics.text().decode()):
        for sample in family.samples:
            yield sample.name, dict(sample.labels), sample.value


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    return next((found for each, has, found in samples(metrics) if each == name and has == labels), None)


def snapshot_of(*bodies: bytes, gateway: GatewayFleet = EDGE) -> Snapshot:
    made: list[Resource] = [wrapped(CLUSTER, f"c{at}", body) for at, body in enumerate(bodies)]
    return snapshot(gateway, made)


def report(connected: int, *refused: tuple[TypeUrl, str]) -> FleetReport:
    rejections = tuple(Rejection(type_url=url, names=(name,), message="no") for url, name in refused)
    return FleetReport(connected=connected, acked_listeners=frozenset(), rejections=rejections)


def test_a_batch_is_counted() -> None:
    metrics = Metrics("1")
    metrics.batch(BatchFacts(seconds=0.003, changed_rows=4, queries=9))
    metrics.batch(BatchFacts(seconds=0.5, changed_rows=1, queries=1))
    assert value(metrics, "gatewayd_batch_seconds_count") == 2
    assert value(metrics, "gatewayd_batch_seconds_bucket", le="0.005") == 1
    assert value(metrics, "gatewayd_changed_rows_total") == 5
    assert value(metrics, "gatewayd_queries_total") == 10


def test_a_snapshot_is_measured_by_type() -> None:
    metrics = Metrics("1")
    metrics.published(snapshot_of(b"abc", b"de"))
    assert value(metrics, "gatewayd_snapshot_resources", gateway=str(EDGE), type="CDS") == 2
    assert value(metrics, "gatewayd_snapshot_bytes", gateway=str(EDGE), type="CDS") == 5
    assert value(metrics, "gatewayd_snapshot_resources", gateway=str(EDGE), type="LDS") == 0
    metrics.published(snapshot_of(b"abc"))
    assert value(metrics, "gatewayd_snapshot_resources", gateway=str(EDGE), type="CDS") == 1


def test_replicas_with_the_same_content_have_the_same_hash() -> None:
    one, other, stale = Metrics("1"), Metrics("2"), Metrics("1")
    one.published(snapshot_of(b"abc"))
    other.published(snapshot_of(b"abc"))
    stale.published(snapshot_of(b"abd"))
    hashes = [value(each, "gatewayd_config_hash", gateway=str(EDGE)) for each in (one, other, stale)]
    assert hashes[0] is not None
    assert hashes[0] == hashes[1] != hashes[2]
    assert hashes[0] < 2**53


def test_proxies_are_counted_by_gateway() -> None:
    metrics = Metrics("1")
    metrics.published(snapshot_of(b"abc"))
    metrics.reported(EDGE, report(2, (CLUSTER, "a"), (CLUSTER, "b")))
    assert value(metrics, "gatewayd_connected_proxies", gateway=str(EDGE)) == 2
    assert value(metrics, "gatewayd_rejected_resources", gateway=str(EDGE), type="CDS") == 2
    metrics.reported(EDGE, report(0, (LISTENER, "l")))
    assert value(metrics, "gatewayd_connected_proxies", gateway=str(EDGE)) == 0
    assert value(metrics, "gatewayd_rejected_resources", gateway=str(EDGE), type="CDS") == 0
    assert value(metrics, "gatewayd_rejected_resources", gateway=str(EDGE), type="LDS") == 1


def test_responses_and_refusals_are_counted_by_type() -> None:
    metrics = Metrics("1")
    metrics.pushed(EDGE, CLUSTER)
    metrics.pushed(EDGE, CLUSTER)
    metrics.refused(EDGE, LISTENER)
    metrics.refused(EDGE, "type.googleapis.com/what.ever")
    assert value(metrics, "gatewayd_xds_pushes_total", gateway=str(EDGE), type="CDS") == 2
    assert value(metrics, "gatewayd_xds_nacks_total", gateway=str(EDGE), type="LDS") == 1
    assert value(metrics, "gatewayd_xds_nacks_total", gateway=str(EDGE), type="unknown") == 1


def test_streams_that_were_cut_are_counted_by_cause() -> None:
    metrics = Metrics("1")
    metrics.published(snapshot_of(b"abc", gateway=EDGE))
    for cause in ("stalled", "stalled", "silent"):
        metrics.ended(EDGE, cause)
    assert value(metrics, "gatewayd_xds_streams_ended_total", gateway=str(EDGE), cause="stalled") == 2
    assert value(metrics, "gatewayd_xds_streams_ended_total", gateway=str(EDGE), cause="silent") == 1


def test_a_gateway_that_is_gone_leaves_no_series() -> None:
    metrics = Metrics("1")
    for gateway in (EDGE, GatewayFleet(namespace="infra", name="other")):
        metrics.published(snapshot_of(b"abc", gateway=gateway))
        metrics.reported(gateway, report(1, (CLUSTER, "a")))
        metrics.pushed(gateway, CLUSTER)
        metrics.refused(gateway, CLUSTER)
        metrics.ended(gateway, "stalled")
    metrics.retired(EDGE)
    metrics.ended(EDGE, "forbidden")
    # Its last proxy leaves after it.
    metrics.reported(EDGE, report(0))
    gateways = {labels["gateway"] for _, labels, _ in samples(metrics) if "gateway" in labels}
    assert gateways == {"infra/other"}
    metrics.retired(GatewayFleet(namespace="never", name="seen"))


def test_convergence_is_a_histogram() -> None:
    metrics = Metrics("1")
    metrics.converged(0.007)
    assert value(metrics, "gatewayd_proxy_convergence_seconds_bucket", le="0.005") == 0
    assert value(metrics, "gatewayd_proxy_convergence_seconds_bucket", le="0.01") == 1


def test_what_is_done_to_the_cluster_is_counted() -> None:
    metrics = Metrics("1")
    metrics.status_written("HTTPRoute", "written")
    metrics.infrastructure_written("Service", "taken")
    metrics.watch_restarted("Secret")
    metrics.work_failed("status")
    metrics.query_failed()
    assert value(metrics, "gatewayd_status_writes_total", kind="HTTPRoute", result="written") == 1
    assert value(metrics, "gatewayd_infrastructure_writes_total", kind="Service", result="taken") == 1
    assert value(metrics, "gatewayd_watch_restarts_total", kind="Secret") == 1
    assert value(metrics, "gatewayd_work_failures_total", queue="status") == 1
    assert value(metrics, "gatewayd_query_failures_total") == 1


def test_leadership_and_readiness_come_and_go() -> None:
    metrics = Metrics("1")
    for wanted in (True, False):
        metrics.leads(leader=wanted)
        metrics.is_ready(ready=wanted)
        assert value(metrics, "gatewayd_leader") == float(wanted)
        assert value(metrics, "gatewayd_ready") == float(wanted)


def test_it_says_what_runs() -> None:
    names = {name: labels for name, labels, _ in samples(Metrics(installed_version()))}
    assert names["gatewayd_build_info"]["version"] == installed_version()
    assert "process_resident_memory_bytes" in names


def test_registries_are_apart() -> None:
    one, other = Metrics("1"), Metrics("1")
    one.query_failed()
    assert value(other, "gatewayd_query_failures_total") == 0
