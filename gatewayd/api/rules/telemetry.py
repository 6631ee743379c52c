"""Rules about XTelemetryPolicy: https://gateway-api.sigs.k8s.io/geps/gep-4768/."""

from typing import Final

from gatewayd.api.meta import Problem, Problems
from gatewayd.api.xtelemetrypolicy import ParentBasedSampling, TelemetryAttribute, TracingConfig, XTelemetryPolicySpec

_ENABLED: Final = "Enabled"
_ONLY_ENABLED: Final = f"must not be set unless mode is {_ENABLED}"


def something_told(spec: XTelemetryPolicySpec) -> Problems:
    """Check that something is said (spec)."""
    if spec.tracing is None:
        yield Problem(path="tracing", message="is required")


def provider_where_enabled(tracing: TracingConfig) -> Problems:
    """Check that spans are sent somewhere when they are made, and only then (spec.tracing)."""
    if (tracing.mode == _ENABLED) != (tracing.provider is not None):
        wanted = f"is required when mode is {_ENABLED}" if tracing.provider is None else _ONLY_ENABLED
        yield Problem(path="provider", message=wanted)


def rate_where_enabled(sampling: TracingConfig | ParentBasedSampling) -> Problems:
    """Check that a rate is for something (spec.tracing, spec.tracing.parentBasedSampling)."""
    if sampling.sampling_rate is not None and sampling.mode != _ENABLED:
        yield Problem(path="samplingRate", message=_ONLY_ENABLED)


def settings_where_enabled(tracing: TracingConfig) -> Problems:
    """Check that what spans are like is said only where there are spans (spec.tracing)."""
    if tracing.mode == _ENABLED:
        return
    for path, value in (
        ("parentBasedSampling", tracing.parent_based_sampling),
        ("serviceName", tracing.service_name),
        ("spanName", tracing.span_name),
        ("attributes", tracing.attributes),
    ):
        if value is not None:
            yield Problem(path=path, message=_ONLY_ENABLED)


def source_of_type_given(attribute: TelemetryAttribute) -> Problems:
    """Check that an attribute has the source that its sourceType names, and no other (spec.tracing.attributes[])."""
    for source, path, value in (
        ("Header", "headerName", attribute.header_name),
        ("Literal", "literalValue", attribute.literal_value),
        ("Attribute", "attributeKey", attribute.attribute_key),
    ):
        if (source == attribute.source_type) != (value is not None):
            wanted = "is required" if value is None else "must not be set"
            yield Problem(path=path, message=f"{wanted} for sourceType {attribute.source_type}")
