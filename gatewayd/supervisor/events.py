"""What can happen to a supervised Envoy, as values, and what its last words mean."""

import re
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from gatewayd.supervisor.launch import CANNOT_RUN

MOST_EARLY_CRASHES: Final = 5
_LOG_LINE: Final = re.compile(r"(trace|debug|info|warning|error|critical) (\S+) (.*)", re.DOTALL)
_LOADER: Final = ("error while loading shared libraries", "version `GLIBC", "symbol lookup error", "Library not loaded")
_GRAVE: Final = frozenset({"critical", "error"})


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """One line of Envoy's output; `component` is "" for a line that Envoy's logger did not write."""

    level: str
    component: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """The process runs."""

    pid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Up:
    """Envoy has accepted its bootstrap and answers, `seconds` after it was started."""

    pid: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Exited:
    """The process ended by itself; `code` is negative for a signal. It is started again in `restart_in` seconds."""

    code: int
    reason: str
    restart_in: float


@dataclass(frozen=True, slots=True, kw_only=True)
class GaveUp:
    """Starting Envoy again would not help; the reason says what does."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Draining:
    """Envoy was told to finish the requests under way and to take no new ones."""

    pid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopped:
    """Envoy has ended because we asked; `cut_off` counts what was still under way (0 when all had finished)."""

    pid: int
    cut_off: int


EnvoyEvent = Started | Up | Exited | GaveUp | Draining | Stopped


def parse_log_line(text: str) -> LogLine:
    """Read one line of Envoy's output, written with `LOG_FORMAT`."""
    match = _LOG_LINE.match(text)
    if match is None:
        return LogLine(level="warning", component="", message=text)
    return LogLine(level=match[1], component=match[2], message=match[3])


LOG_FORMAT: Final = "%l %n %v"


def how_it_ended(code: int) -> str:
    """Say in words what an exit code means."""
    if code >= 0:
        return f"exit code {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"
    return f"signal {-code} ({name})"


def why_hopeless(code: int, lines: Sequence[LogLine], early_crashes: int) -> str | None:
    """Return why another start cannot help, or None when it may.

    `early_crashes` counts the lives in a row that ended before Envoy was ever up, 0 once it has been up.
    """
    words = lines[-1].message if lines else how_it_ended(code)
    unloadable = [line.message for line in lines if any(sign in line.message for sign in _LOADER)]
    if unloadable:
        return f"Envoy cannot run on this system: {unloadable[0]}; --envoy-path names another build"
    if code == CANNOT_RUN:
        return f"{words}; --envoy-path names another build"
    return _why_never_up(code, lines, early_crashes, words) if early_crashes else None


def _why_never_up(code: int, lines: Sequence[LogLine], early_crashes: int, words: str) -> str | None:
    if code == -signal.SIGILL:
        return "Envoy cannot run on this processor (SIGILL); --envoy-path names another build"
    if code > 0:
        grave = [line.message for line in lines if line.level in _GRAVE]
        return f"Envoy refused its bootstrap ({how_it_ended(code)}): {grave[0] if grave else words}"
    if early_crashes >= MOST_EARLY_CRASHES:
        return f"Envoy ended {early_crashes} times before it was up, last by {how_it_ended(code)}: {words}"
    return None
