"""EnvoyProxy, telemetry.tracing -> what an XTelemetryPolicy would say of traces.

https://gateway.envoyproxy.io/docs/api/extension_types/#proxytracing
"""

import re
from collections.abc import Iterator
from typing import Final

from gatewayd.api.decode import read_as
from gatewayd.api.envoy_gateway.proxies import CustomTag, ProxyTracing
from gatewayd.api.envoy_gateway.references import ProxyBackendRef
from gatewayd.api.filters import Fraction
from gatewayd.api.names import shown
from gatewayd.api.xtelemetrypolicy import ParentBasedSampling, TelemetryAttribute, TracingConfig, TracingProvider
from gatewayd.translator.envoy_gateway.servers import one_backend, servers
from gatewayd.translator.envoy_gateway.taken import Telling

_PATH: Final = "spec.telemetry.tracing"
_OPERATOR: Final = "%"
_HEADER: Final = re.compile(r"%REQ\(([A-Za-z0-9-]+)\)%")


def proxy_traces(written: ProxyTracing, telling: Telling) -> TracingConfig | None:
    """Return what is traced; None where nobody can be told."""
    provider = written.provider
    server = one_backend(servers(provider), f"{_PATH}.provider", telling, ProxyBackendRef)
    if server is None or any(each.path.startswith(f"{_PATH}.provider.type") for each in telling.refused):
        return None
    otlp = provider.open_telemetry
    return TracingConfig(
        mode="Enabled",
        provider=TracingProvider(backend_ref=server, headers=otlp.headers if otlp is not None else ()),
        sampling_rate=_rate(written, telling),
        # Who comes with a trace of its own stays in it, as Envoy has it.
        parent_based_sampling=ParentBasedSampling(mode="Enabled"),
        service_name=provider.service_name,
        span_name=_span_name(written, telling),
        attributes=tuple(_attributes(written, telling)),
    )


def _rate(written: ProxyTracing, telling: Telling) -> Fraction | None:
    if written.sampling_rate is not None and written.sampling_fraction is not None:
        telling.refuse(f"{_PATH}.samplingRate", "must not be set beside samplingFraction, which counts")
    if written.sampling_fraction is not None:
        return written.sampling_fraction
    return None if written.sampling_rate is None else Fraction(numerator=written.sampling_rate)


def _span_name(written: ProxyTracing, telling: Telling) -> str | None:
    name = written.span_name.client if written.span_name is not None else None
    if name is None or _OPERATOR not in name:
        return name
    telling.refuse(f"{_PATH}.spanName.client", f"{shown(name)} has an operator; allowed: a text")
    return None


def _attributes(written: ProxyTracing, telling: Telling) -> Iterator[TelemetryAttribute]:
    """Yield what spans say; a name counts in tags before it does in customTags."""
    tags = written.tags or {}
    named = [(name, f"{_PATH}.tags[{name}]", _of_text(text)) for name, text in tags.items()]
    older = (written.custom_tags or {}).items()
    for name, tag in older:
        if tag.request_header is not None and tag.request_header.default_value is not None:
            path = f"{_PATH}.customTags[{name}].requestHeader.defaultValue"
            telling.differ(path, "without the header there is no such tag")
    named += [(name, f"{_PATH}.customTags[{name}]", _of_tag(tag)) for name, tag in older if name not in tags]
    for name, path, found in named:
        attribute = read_as({"name": name, **found}, TelemetryAttribute) if found is not None else ()
        if isinstance(attribute, TelemetryAttribute):
            yield attribute
        else:
            telling.refuse(path, "; ".join(map(str, attribute)) or "must be a text, or a header such as %REQ(X-NAME)%")


def _of_text(text: str) -> dict[str, str] | None:
    header = _HEADER.fullmatch(text)
    if header is not None:
        return {"sourceType": "Header", "headerName": header[1]}
    return None if _OPERATOR in text else {"sourceType": "Literal", "literalValue": text}


def _of_tag(tag: CustomTag) -> dict[str, str] | None:
    if tag.type == "Literal" and tag.literal is not None:
        return {"sourceType": "Literal", "literalValue": tag.literal.value}
    if tag.type == "RequestHeader" and tag.request_header is not None:
        return {"sourceType": "Header", "headerName": tag.request_header.name}
    return None
