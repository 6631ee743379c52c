"""How log events are written; which ones there are stands in `log_events`.

In: a level, a format and a stream. Out: structlog is configured: lines for people, or one JSON object a line.
Whatever text is logged stays within its line and moves no cursor; a stream that cannot be written costs lines, which
are counted.
"""

import logging
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TextIO

import structlog

from gatewayd.ir.limits import OUTPUT_PATIENCE
from gatewayd.settings import LOG_LEVELS
from gatewayd.telemetry.outlet import Outlet
from gatewayd.untrusted.printable import printable, printable_json


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """Write each event as one line to a stream; `colours` only where somebody looks at it."""

    stream: TextIO
    colours: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonLines:
    """Write each event as one JSON object to a stream."""

    stream: TextIO


@dataclass(frozen=True, slots=True, kw_only=True)
class Callback:
    """Hand each event to somebody who draws: `level`, then the line."""

    tell: Callable[[str, str], None]


Destination = Lines | JsonLines | Callback


def configure(level: str, destination: Destination) -> None:
    """Send the events of `level` ("debug" to "error") and above to a destination, from now on."""
    structlog.configure(
        processors=[
            # Which member cluster it is about, where it is about one.
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            *_ends(destination),
        ],
        wrapper_class=_at(level),
        logger_factory=_factory(destination),
        cache_logger_on_first_use=False,
    )


def set_level(level: str) -> None:
    """Send the events of another level and above from now on, wherever they go."""
    structlog.configure(wrapper_class=_at(level))


def current_level() -> str:
    """Return the level that events are sent from."""
    wrapper = structlog.get_config()["wrapper_class"]
    return next((level for level in LOG_LEVELS if wrapper is _at(level)), "")


def _at(level: str) -> Any:
    """Return the class of loggers that pass over what is below a level: the same one for the same level."""
    return structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()])


def destination_for(stream: TextIO, format_: str | None) -> Destination:
    """Return lines for people where the stream is a terminal or the format asks for them, JSON otherwise."""
    terminal = stream.isatty()
    if format_ == "console" or (format_ is None and terminal):
        return Lines(stream=stream, colours=terminal)
    return JsonLines(stream=stream)


def _ends(destination: Destination) -> tuple[Any, ...]:
    match destination:
        case JsonLines():
            stamp = structlog.processors.TimeStamper(fmt="iso", utc=True)
            return (
                stamp,
                structlog.processors.format_exc_info,
                structlog.processors.JSONRenderer(serializer=_json),
            )
        case Lines():
            stamp = structlog.processors.TimeStamper(fmt="%H:%M:%S", utc=False)
            renderer = structlog.dev.ConsoleRenderer(
                colors=destination.colours,
                pad_event_to=0,
                pad_level=False,
                # Without the local variables, which may hold keys.
                exception_formatter=_traceback,
            )
            return (stamp, _in_one_line, renderer)
        case Callback():
            return (structlog.processors.format_exc_info, _line)


def _json(event: dict[str, Any], default: Callable[[Any], Any]) -> str:
    return printable_json(dict(sorted(event.items())), default=default)


def _in_one_line(_logger: Any, _method: str, event: dict[str, Any]) -> dict[str, Any]:
    """Make every value one line of text; the traceback, which has several, comes later."""
    return {name: value if name == "exc_info" else _shown(value) for name, value in event.items()}


def _shown(value: object) -> object:
    if value is None or isinstance(value, bool | int | float):
        return value
    return printable(value if isinstance(value, str) else repr(value))


def _traceback(stream: TextIO, exc_info: Any) -> None:
    """Write a traceback indented, so that no line of an exception's message passes for an event."""
    stream.writelines(f"\n  {printable(line)}" for line in "".join(traceback.format_exception(*exc_info)).splitlines())


def _line(_logger: Any, _method: str, event: dict[str, Any]) -> tuple[tuple[str, str], dict[str, Any]]:
    level = event.pop("level", "info")
    what = event.pop("event", "")
    facts = ", ".join(f"{name}={value}" for name, value in event.items())
    return (level, f"{what}: {facts}" if facts else what), {}


class _Teller:
    """A logger that hands its lines on; every level is the same to it."""

    def __init__(self, tell: Callable[[str, str], None]) -> None:
        self._tell = tell

    def msg(self, level: str, line: str) -> None:
        self._tell(level, line)

    debug = info = warning = warn = error = critical = exception = fatal = failure = log = msg


class _LineWriter:
    """A logger that writes lines, and says how many it could not write; every level is the same to it."""

    def __init__(self, outlet: Outlet) -> None:
        self._outlet = outlet

    def msg(self, line: str) -> None:
        self._outlet.write(f"{line}\n")
        lost = self._outlet.regained()
        if lost is not None:
            structlog.get_logger().error("lines lost", lines=lost.lines, reason=lost.reason)

    debug = info = warning = warn = error = critical = exception = fatal = failure = log = msg


def _factory(destination: Destination) -> Callable[..., Any]:
    if isinstance(destination, Callback):
        return lambda *_: _Teller(destination.tell)
    outlet = Outlet(destination.stream)
    outlet.patience = OUTPUT_PATIENCE
    return lambda *_: _LineWriter(outlet)
