"""BackendTrafficPolicy -> sections of a RoutePolicy. What cannot be had is left out and told.

https://gateway.envoyproxy.io/docs/api/extension_types/#backendtrafficpolicyspec
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, Literal

from gatewayd.api.envoy_gateway.traffic import (
    BackendTrafficPolicySpec,
    TrafficCompression,
    TrafficFault,
    TrafficOverride,
    TrafficRetry,
    TrafficRetryOn,
    TrafficStatus,
)
from gatewayd.api.inherited import PolicySection
from gatewayd.api.routepolicy import (
    BodySection,
    CompressionSection,
    ErrorPageRule,
    ErrorPagesSection,
    FaultAbort,
    FaultDelay,
    FaultSection,
    RetrySection,
    TimeoutsSection,
)
from gatewayd.translator.envoy_gateway.amounts import whole_bytes
from gatewayd.translator.envoy_gateway.limits import bandwidth, local_limits, shared_limits
from gatewayd.translator.envoy_gateway.reading import read
from gatewayd.translator.envoy_gateway.taken import TakenPolicy, TakenSection, Telling

_USUAL: Final = TrafficRetryOn(
    triggers=("connect-failure", "refused-stream", "unavailable", "cancelled", "retriable-status-codes"),
    http_status_codes=(503,),
)
"""When they try again where nothing is said."""
_GATEWAY_ERRORS: Final = (502, 503, 504)
_STATUSES: Final[Mapping[str, tuple[int, ...]]] = {
    "5xx": (500, 501, *_GATEWAY_ERRORS),
    "gateway-error": _GATEWAY_ERRORS,
    "retriable-4xx": (409,),
}
"""What a trigger comes to as statuses."""
_CALLS: Final = frozenset({"cancelled", "deadline-exceeded", "internal", "resource-exhausted", "unavailable"})
_ALGORITHMS: Final[Mapping[str, Literal["br", "gzip", "zstd"]]] = {"Brotli": "br", "Gzip": "gzip", "Zstd": "zstd"}
_LEAST_BYTES: Final = 30


def traffic(written: Mapping[str, Any], namespace: str) -> TakenPolicy:
    """Return what the spec of a BackendTrafficPolicy of a namespace does to requests."""
    telling = Telling(namespace=namespace)
    spec = read(written, BackendTrafficPolicySpec, telling)
    return telling.result(_sections(spec, telling) if spec is not None else ())


def _sections(spec: BackendTrafficPolicySpec, telling: Telling) -> Iterator[TakenSection]:
    sections: tuple[tuple[str, PolicySection | None, str], ...] = (
        ("timeouts", _timeouts(spec), "timeout"),
        ("retry", _retry(spec.retry, telling) if spec.retry is not None else None, "retry"),
        (
            "fault",
            _fault(spec.fault_injection, telling) if spec.fault_injection is not None else None,
            "faultInjection",
        ),
        ("compression", *_compression(spec, telling)),
        ("error_pages", _pages(spec.response_override, telling), "responseOverride"),
        ("body", _body(spec, telling), "requestBuffer"),
        ("rate_limit", local_limits(spec.rate_limit, telling), "rateLimit.local"),
        ("global_limits", shared_limits(spec.rate_limit, telling), "rateLimit.global"),
        ("bandwidth", bandwidth(spec.bandwidth_limit, telling), "bandwidthLimit"),
    )
    yield from (TakenSection(name, value, f"spec.{path}") for name, value, path in sections if value is not None)


def _timeouts(spec: BackendTrafficPolicySpec) -> TimeoutsSection | None:
    http = spec.timeout.http if spec.timeout is not None else None
    each_try = spec.retry.per_retry.timeout if spec.retry is not None and spec.retry.per_retry is not None else None
    section = TimeoutsSection(
        request=http.request_timeout if http is not None else None,
        backend_request=each_try,
        stream_idle=http.stream_idle_timeout if http is not None else None,
    )
    return None if section == TimeoutsSection() else section


def _retry(written: TrafficRetry, telling: Telling) -> RetrySection:
    when = written.retry_on or _USUAL
    calls = [each for each in when.triggers if each in _CALLS]
    if calls and written.retry_on is not None:
        telling.differ("spec.retry.retryOn.triggers", f"{', '.join(calls)}: no status of gRPC is tried again")
    codes = (*(code for each in when.triggers for code in _STATUSES.get(each, ())), *when.http_status_codes)
    pause = written.per_retry.back_off if written.per_retry is not None else None
    return RetrySection(
        attempts=written.num_retries,
        codes=tuple(dict.fromkeys(codes)),
        backoff=pause.base_interval if pause is not None else None,
    )


def _fault(written: TrafficFault, telling: Telling) -> FaultSection | None:
    delay, abort = written.delay, written.abort
    section = FaultSection(
        delay=FaultDelay(duration=delay.fixed_delay, percent=percent)
        if delay is not None and (percent := _percent(delay.percentage, "delay", telling))
        else None,
        abort=FaultAbort(status=abort.http_status, percent=percent)
        if abort is not None
        and abort.http_status is not None
        and (percent := _percent(abort.percentage, "abort", telling))
        else None,
    )
    return None if section == FaultSection() else section


def _percent(written: float, what: str, telling: Telling) -> int:
    """Return a whole number of percent, 0 for none."""
    if written != int(written):
        telling.refuse(f"spec.faultInjection.{what}.percentage", "must be a whole number")
        return 0
    return int(written)


def _compression(spec: BackendTrafficPolicySpec, telling: Telling) -> tuple[CompressionSection | None, str]:
    """Return the section, and the field that it is made of: the older one counts where the newer is not there."""
    name = "compressor" if spec.compressor else "compression"
    written: Sequence[TrafficCompression] = spec.compressor or spec.compression
    if not written:
        return None, name
    sizes = [whole_bytes(each.min_content_length, f"spec.{name}", telling) for each in written]
    least = min((size for size in sizes if size is not None), default=None)
    if len(set(sizes)) > 1:
        telling.differ(f"spec.{name}", f"there is one minContentLength for all: {least}")
    section = CompressionSection(
        algorithms=tuple(dict.fromkeys(_ALGORITHMS[each.type] for each in written)),
        min_bytes=max(least, _LEAST_BYTES) if least is not None else None,
    )
    return section, name


def _pages(written: Sequence[TrafficOverride], telling: Telling) -> ErrorPagesSection | None:
    pages = []
    for at, each in enumerate(written):
        path = f"spec.responseOverride[{at}]"
        body = each.response.body if each.response is not None else None
        codes = tuple(code for status in each.match.status_codes for code in _codes(status))
        if any(code < 400 for code in codes) or not codes:
            telling.refuse(f"{path}.match.statusCodes", "must be errors, from 400 to 599")
        elif body is None or body.inline is None:
            telling.refuse(f"{path}.response.body", "is required here")
        elif each.source in (None, "All") and each.redirect is None and each.match.response_headers is None:
            content_type = each.response.content_type if each.response is not None else None
            pages.append(ErrorPageRule(codes=codes, body=body.inline, content_type=content_type))
    return ErrorPagesSection(pages=tuple(pages)) if pages else None


def _codes(status: TrafficStatus) -> Iterator[int]:
    if status.range is not None:
        yield from range(max(status.range.start, 100), min(status.range.end, 599) + 1)
    elif status.value is not None:
        yield status.value


def _body(spec: BackendTrafficPolicySpec, telling: Telling) -> BodySection | None:
    if spec.request_buffer is None:
        return None
    limit = whole_bytes(spec.request_buffer.limit, "spec.requestBuffer.limit", telling)
    return BodySection(max_bytes=limit) if limit else None
