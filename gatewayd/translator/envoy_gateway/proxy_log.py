"""EnvoyProxy, telemetry.accessLog -> the section of a ReportPolicy.

There is one log for a Gateway: what is logged is said once, and goes to all sinks.
https://gateway.envoyproxy.io/docs/api/extension_types/#proxyaccesslog
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, Literal, NamedTuple

from gatewayd.api.envoy_gateway.fields import TheirServer
from gatewayd.api.envoy_gateway.proxies import ProxyLog, ProxyLogSetting, ProxyLogSink
from gatewayd.api.envoy_gateway.references import ProxyBackendRef
from gatewayd.api.names import shown
from gatewayd.api.reportpolicy import AccessLogSection, LogHeader, LogSink
from gatewayd.translator.envoy_gateway.servers import one_backend, servers
from gatewayd.translator.envoy_gateway.taken import Telling

_PATH: Final = "spec.telemetry.accessLog"
_MOST_SINKS: Final = 4
_ALLOWED: Final = (
    "allowed: response.code >= 400, request.duration >= duration('1s'), 'x-name' in request.headers, "
    "request.headers['x-name'] == 'value'"
)


class _Which(NamedTuple):
    """Which requests are logged: those that meet one of these; all, where there is none."""

    min_status: int | None = None
    min_duration: str | None = None
    headers: tuple[LogHeader, ...] = ()


_MATCHES: Final[tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], _Which]], ...]] = (
    (re.compile(r"response\.code\s*>=\s*([1-5]\d\d)"), lambda at: _Which(min_status=int(at[1]))),
    (re.compile(r"response\.code\s*>\s*([1-5]\d\d)"), lambda at: _Which(min_status=int(at[1]) + 1)),
    (
        re.compile(r"request\.duration\s*>=\s*duration\(['\"](\d{1,5}(?:ms|s|m|h))['\"]\)"),
        lambda at: _Which(min_duration=at[1]),
    ),
    (
        re.compile(r"['\"]([A-Za-z0-9-]{1,256})['\"]\s+in\s+request\.headers"),
        lambda at: _Which(headers=(LogHeader(name=at[1]),)),
    ),
    (
        re.compile(r"request\.headers\[['\"]([A-Za-z0-9-]{1,256})['\"]\]\s*==\s*['\"]([^'\"\\]{1,253})['\"]"),
        lambda at: _Which(headers=(LogHeader(name=at[1], values=(at[2],)),)),
    ),
)
"""Conditions in CEL that can be had, and what each comes to."""


def proxy_log(written: ProxyLog, telling: Telling) -> AccessLogSection | None:
    """Return the log; None where nothing is said of it, or nothing can be had."""
    if written.disable:
        return AccessLogSection(write="Nothing")
    which: _Which | None = None
    sinks: list[LogSink] = []
    for at, setting in enumerate(written.settings):
        path = f"{_PATH}.settings[{at}]"
        chosen = _which(setting, path, telling)
        if chosen is None or setting.type not in (None, "Route"):
            continue
        if which not in (None, chosen):
            telling.refuse(f"{path}.matches", "must be those of the first of settings: there is one log")
            continue
        which = chosen
        sinks += _sinks(setting, path, telling)
    if which is None or not sinks:
        return None
    if len(sinks) > _MOST_SINKS:
        telling.refuse(_PATH, f"has {len(sinks)} sinks; at most {_MOST_SINKS} are allowed, the others are left out")
    return AccessLogSection(
        min_status=which.min_status,
        min_duration=which.min_duration,
        with_headers=which.headers,
        sinks=tuple(dict.fromkeys(sinks))[:_MOST_SINKS],
    )


def _which(setting: ProxyLogSetting, path: str, telling: Telling) -> _Which | None:
    """Return which requests a setting is of; None where that cannot be had."""
    conditions = []
    for at, text in enumerate(setting.matches):
        condition = next((make(found) for match, make in _MATCHES if (found := match.fullmatch(text.strip()))), None)
        if condition is None:
            telling.refuse(f"{path}.matches[{at}]", f"{shown(text)} cannot be had; {_ALLOWED}")
        else:
            conditions.append(condition)
    if setting.matches and not conditions:
        return None
    statuses = [each.min_status for each in conditions if each.min_status is not None]
    durations = [each.min_duration for each in conditions if each.min_duration is not None]
    if len(durations) > 1:
        telling.refuse(f"{path}.matches", "must have one condition on request.duration; the first counts")
    headers = tuple(header for each in conditions for header in each.headers)
    return _Which(min(statuses, default=None), durations[0] if durations else None, headers)


def _sinks(setting: ProxyLogSetting, path: str, telling: Telling) -> Iterator[LogSink]:
    for at, sink in enumerate(setting.sinks):
        server = _server(sink, f"{path}.sinks[{at}]", telling)
        if not telling.has_refused_below(f"{path}.sinks[{at}]"):
            yield server


def _server(sink: ProxyLogSink, path: str, telling: Telling) -> LogSink:
    kinds: Mapping[str, tuple[Literal["OTLP", "ALS"], TheirServer | None, str]] = {
        "ALS": ("ALS", sink.als, "als"),
        "OpenTelemetry": ("OTLP", sink.open_telemetry, "openTelemetry"),
    }
    if sink.type not in kinds:
        return LogSink(type="Output")
    kind, server, field = kinds[sink.type]
    ref: Any = None
    if server is None:
        telling.refuse(f"{path}.{field}", f"is required for type {sink.type}")
    else:
        ref = one_backend(servers(server), f"{path}.{field}", telling, ProxyBackendRef)
    return LogSink(type=kind, backend_ref=ref)
