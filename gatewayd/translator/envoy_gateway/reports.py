"""BackendTrafficPolicy, telemetry -> sections of a ReportPolicy: what is traced and counted of the requests of routes.

https://gateway.envoyproxy.io/docs/api/extension_types/#backendtelemetry
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from gatewayd.api.envoy_gateway.traffic import BackendTrafficPolicySpec, TrafficTelemetry
from gatewayd.api.reportpolicy import MetricsSection, SamplingRate, SamplingSection
from gatewayd.translator.envoy_gateway.reading import read
from gatewayd.translator.envoy_gateway.taken import TakenPolicy, TakenSection, Telling

_COUNTED: Final = frozenset({"HTTPRoute", "GRPCRoute"})


def reports(written: Mapping[str, Any], namespace: str) -> TakenPolicy:
    """Return what the spec of a BackendTrafficPolicy of a namespace has told of requests."""
    telling = Telling(namespace=namespace)
    spec = read(written, BackendTrafficPolicySpec, telling)
    if spec is None or spec.telemetry is None:
        return telling.result(())
    return telling.result(_sections(spec.telemetry, {each.kind for each in spec.targets}, telling))


def _sections(telemetry: TrafficTelemetry, kinds: set[str], telling: Telling) -> Iterator[TakenSection]:
    share = telemetry.tracing.sampling_fraction if telemetry.tracing is not None else None
    if share is not None and share.numerator > share.denominator:
        telling.refuse("spec.telemetry.tracing.samplingFraction.numerator", f"must be at most {share.denominator}")
    elif share is not None:
        rate = SamplingRate(numerator=share.numerator, denominator=share.denominator)
        yield TakenSection("sampling", SamplingSection(rate=rate), "spec.telemetry.tracing")
    if telemetry.metrics is None or telemetry.metrics.route_stat_name is None:
        return
    if kinds <= _COUNTED:
        yield TakenSection("metrics", MetricsSection(), "spec.telemetry.metrics")
    else:
        telling.refuse("spec.telemetry.metrics", "must not be set for a Gateway or a ListenerSet; allowed: for routes")
