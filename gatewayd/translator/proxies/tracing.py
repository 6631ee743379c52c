"""XTelemetryPolicy, tracing: what the proxies of a Gateway tell of requests as spans, and whom.

In: a policy and a Gateway that it applies to. Out: Tracing, and what of the policy cannot be had. No request fails for
a trace: what cannot be had is left out, and said. https://gateway-api.sigs.k8s.io/geps/gep-4768/
"""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from gatewayd.api.filters import Fraction, HTTPHeader
from gatewayd.api.kinds import BY_STRUCT
from gatewayd.api.meta import ObjectKey
from gatewayd.api.names import shown
from gatewayd.api.xtelemetrypolicy import ParentBasedSampling, TelemetryAttribute, TracingConfig, XTelemetryPolicy
from gatewayd.incremental.view import View, rescued_query
from gatewayd.ir.backend import InvalidBackend, Protocol, Upstream
from gatewayd.ir.filters import Header
from gatewayd.ir.outcome import Verdict
from gatewayd.ir.tracing import KNOWN_ATTRIBUTES, WHOLE, AttributeSource, ParentDecision, SpanAttribute, Tracing
from gatewayd.translator import verdicts
from gatewayd.translator.backends.backend_refs import ask_for, backend
from gatewayd.translator.backends.servers import no_plain_text
from gatewayd.translator.policies.envoy_proxy import envoy_proxy
from gatewayd.translator.policies.report import sampled_parts
from gatewayd.translator.policies.telemetry import telemetry_policy
from gatewayd.translator.policies.told import refused_header

_PARENTS: Final[Mapping[str, ParentDecision]] = {
    "Enabled": ParentDecision.KEPT,
    "Disabled": ParentDecision.REPLACED,
    "ImplementationDefault": ParentDecision.FORGOTTEN,
}


class Traced(NamedTuple):
    """What a policy comes to at a Gateway: None where nothing is told, with what cannot be had of it."""

    tracing: Tracing | None
    resolved: Verdict
    left_out: tuple[str, ...]

    @property
    def problems(self) -> tuple[str, ...]:
        """What cannot be had, the server among it."""
        return self.left_out if self.resolved.status else (self.resolved.message, *self.left_out)


class _TracingSpec(NamedTuple):
    """What is written of traces in a namespace, and the path of the field, before what is below it."""

    namespace: str
    config: TracingConfig
    path: str


_PATH: Final = "spec.tracing."
FOREIGN_PATH: Final = "spec.telemetry.tracing"
"""The field of an EnvoyProxy; what is said of it has the path below."""
_UNTRACED: Final = Traced(None, verdicts.resolved(), ())


def _as_before(_view: View, _gateway: ObjectKey, _error: Exception, before: Tracing | None) -> Tracing | None:
    """Trace what was traced before: no request waits for what gatewayd fails on."""
    return before


@rescued_query(_as_before)
def tracing(view: View, gateway: ObjectKey) -> Tracing | None:
    """Return what the proxies of a Gateway tell of requests; None for nothing."""
    policy = telemetry_policy(view, gateway)
    row = view.get(XTelemetryPolicy, policy) if policy is not None else None
    return foreign_traced(view, gateway).tracing if row is None else traced(view, row, gateway).tracing


def tracing_servers(view: View, gateway: ObjectKey) -> tuple[Upstream, ...]:
    """Return the upstreams that spans of a Gateway are sent to."""
    of_gateway = tracing(view, gateway)
    return () if of_gateway is None else (of_gateway.upstream,)


def traced(view: View, row: XTelemetryPolicy, gateway: ObjectKey) -> Traced:
    """Return what a policy comes to at a Gateway."""
    config = row.spec.tracing
    return _UNTRACED if config is None else _traced(view, _TracingSpec(row.metadata.namespace, config, _PATH), gateway)


def foreign_traced(view: View, gateway: ObjectKey) -> Traced:
    """Return what the EnvoyProxy of a Gateway comes to, which counts where there is no policy."""
    theirs = envoy_proxy(view, gateway)
    if theirs is None or theirs.taken.tracing is None:
        return _UNTRACED
    return _traced(view, _TracingSpec(theirs.key.namespace, theirs.taken.tracing, ""), gateway)


def _traced(view: View, written: _TracingSpec, gateway: ObjectKey) -> Traced:
    config = written.config
    if config.mode != "Enabled" or config.provider is None:
        return _UNTRACED
    server = _server(view, written)
    if isinstance(server, Verdict):
        return Traced(None, server, ())
    parent = config.parent_based_sampling or ParentBasedSampling()
    sampled = parts(config.sampling_rate)
    made = Tracing(
        gateway=str(gateway),
        upstream=server,
        headers=tuple(_header(each) for each in config.provider.headers if not refused_header(each.name)),
        service=config.service_name or f"{gateway.name}.{gateway.namespace}",
        span=config.span_name or "",
        sampled=sampled,
        kept=max(sampled, parts(parent.sampling_rate)),
        parent=_PARENTS[parent.mode],
        attributes=tuple(_attribute(each) for each in config.attributes or () if not _unknown(each)),
    )
    return Traced(made, verdicts.resolved(), tuple(_left_out(written, parent)))


def _server(view: View, written: _TracingSpec) -> Upstream | Verdict:
    if written.config.provider is None:
        return verdicts.resolved()
    source = BY_STRUCT[XTelemetryPolicy].group_kind
    target = backend(view, ask_for(source, written.namespace, written.config.provider.backend_ref, Protocol.HTTP2))
    path = f"{written.path}provider.backendRef"
    if isinstance(target, InvalidBackend):
        return verdicts.unresolved(target.reason, f"{path}: {target.message}; nothing is traced until then")
    refused = no_plain_text(view, target.upstream)
    return verdicts.unresolved(refused.reason, f"{path}: {refused.message}") if refused else target.upstream


def parts(rate: Fraction | None) -> int:
    """Return how many of WHOLE requests a rate samples: all without one, and some where it says any."""
    return WHOLE if rate is None else sampled_parts(rate.numerator, rate.denominator)


def _header(written: HTTPHeader) -> Header:
    return Header(name=written.name.lower(), value=written.value)


def _attribute(written: TelemetryAttribute) -> SpanAttribute:
    source, value = next(
        (source, value)
        for source, value in (
            (AttributeSource.HEADER, written.header_name),
            (AttributeSource.LITERAL, written.literal_value),
            (AttributeSource.KNOWN, written.attribute_key or ""),
        )
        if value is not None
    )
    return SpanAttribute(name=written.name, source=source, value=value)


def _unknown(written: TelemetryAttribute) -> bool:
    return written.attribute_key is not None and written.attribute_key not in KNOWN_ATTRIBUTES


def _left_out(written: _TracingSpec, parent: ParentBasedSampling) -> Iterator[str]:
    config, path = written.config, written.path
    for at, attribute in enumerate(config.attributes or ()):
        if _unknown(attribute):
            known = ", ".join(KNOWN_ATTRIBUTES)
            key = shown(attribute.attribute_key or "")
            yield f"{path}attributes[{at}].attributeKey: {key} is not known and left out; allowed: {known}"
    for at, header in enumerate(config.provider.headers if config.provider is not None else ()):
        if why := refused_header(header.name):
            yield f"{path}provider.headers[{at}]: left out: {why}"
    if parts(parent.sampling_rate) < parts(config.sampling_rate):
        yield (
            f"{path}parentBasedSampling.samplingRate: is taken for as much as samplingRate; allowed: at least as much,"
            " since Envoy samples no fewer of what clients sample than of the others"
        )
