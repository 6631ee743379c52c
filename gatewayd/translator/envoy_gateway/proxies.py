"""EnvoyProxy -> the access log of a Gateway and its traces. What cannot be had is left out and told.

https://gateway.envoyproxy.io/docs/api/extension_types/#proxytelemetry
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from gatewayd.api.envoy_gateway.proxies import EnvoyProxySpec
from gatewayd.api.meta import Problem
from gatewayd.api.reportpolicy import AccessLogSection
from gatewayd.api.xtelemetrypolicy import TracingConfig
from gatewayd.translator.envoy_gateway.merging import merged
from gatewayd.translator.envoy_gateway.proxy_log import proxy_log
from gatewayd.translator.envoy_gateway.proxy_traces import proxy_traces
from gatewayd.translator.envoy_gateway.reading import read
from gatewayd.translator.envoy_gateway.taken import Telling

_REPLACE: Final = "Replace"


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenProxy:
    """What an EnvoyProxy comes to; None where it says nothing. `refused` is left out, `differs` has another effect."""

    access_log: AccessLogSection | None
    tracing: TracingConfig | None
    refused: tuple[Problem, ...]
    differs: tuple[Problem, ...]


def proxy_settings(written: Mapping[str, Any], namespace: str) -> TakenProxy:
    """Return what the spec of an EnvoyProxy of a namespace comes to."""
    telling = Telling(namespace=namespace)
    spec = read(written, EnvoyProxySpec, telling)
    telemetry = spec.telemetry if spec is not None else None
    log = telemetry.access_log if telemetry is not None else None
    traces = telemetry.tracing if telemetry is not None else None
    return TakenProxy(
        access_log=proxy_log(log, telling) if log is not None else None,
        tracing=proxy_traces(traces, telling) if traces is not None else None,
        refused=tuple(telling.refused),
        differs=tuple(telling.differs),
    )


def with_class(of_class: Mapping[str, Any], own: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the spec of a Gateway's EnvoyProxy where its class has one too: in its place, unless it is merged."""
    merge_type = own.get("mergeType")
    return own if merge_type in (None, _REPLACE) else merged(of_class, own, str(merge_type))
