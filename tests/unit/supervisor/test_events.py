from signal import SIGILL, SIGSEGV

import pytest

from gatewayd.supervisor.events import (
    MOST_EARLY_CRASHES,
    LogLine,
    how_it_ended,
    parse_log_line,
    why_hopeless,
)
from gatewayd.supervisor.launch import CANNOT_RUN


def words(*messages: str, level: str = "warning") -> tuple[LogLine, ...]:
    return tuple(LogLine(level=level, component="main", message=message) for message in messages)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("critical main error: it is bad", LogLine(level="critical", component="main", message="error: it is bad")),
        ("warning config a\\nb", LogLine(level="warning", component="config", message="a\\nb")),
        ("envoy: not found", LogLine(level="warning", component="", message="envoy: not found")),
        ("error", LogLine(level="warning", component="", message="error")),
    ],
)
def test_log_lines(text: str, line: LogLine) -> None:
    assert parse_log_line(text) == line


@pytest.mark.parametrize(
    ("code", "text"), [(0, "exit code 0"), (1, "exit code 1"), (-11, "signal 11 (SIGSEGV)"), (-99, "signal 99")]
)
def test_exit_codes_in_words(code: int, text: str) -> None:
    assert how_it_ended(code) == text


@pytest.mark.parametrize(
    ("code", "message", "prefix"),
    [
        (
            127,
            "envoy: error while loading shared libraries: libc++.so.1: not found",
            "Envoy cannot run on this system: ",
        ),
        (1, "/lib/libc.so.6: version `GLIBC_2.38' not found", "Envoy cannot run on this system: "),
        (CANNOT_RUN, "cannot run /x/envoy: Exec format error", ""),
    ],
)
@pytest.mark.parametrize("early_crashes", [0, 1])
def test_a_binary_that_cannot_run_is_hopeless_at_once(code: int, message: str, prefix: str, early_crashes: int) -> None:
    reason = why_hopeless(code, words(message), early_crashes)
    assert reason == f"{prefix}{message}; --envoy-path names another build"


def test_a_bootstrap_that_is_refused_is_hopeless_until_envoy_was_up_once() -> None:
    lines = (*words("no limit"), *words("error initializing config: no admin", "exiting", level="critical"))
    assert why_hopeless(1, lines, 1) == "Envoy refused its bootstrap (exit code 1): error initializing config: no admin"
    assert why_hopeless(1, lines, 0) is None
    assert why_hopeless(1, (), 1) == "Envoy refused its bootstrap (exit code 1): exit code 1"


def test_an_early_crash_is_tried_again_a_few_times() -> None:
    assert why_hopeless(-SIGSEGV, (), MOST_EARLY_CRASHES - 1) is None
    assert why_hopeless(-SIGSEGV, (), MOST_EARLY_CRASHES) == (
        "Envoy ended 5 times before it was up, last by signal 11 (SIGSEGV): signal 11 (SIGSEGV)"
    )
    assert why_hopeless(-SIGSEGV, (), 0) is None


def test_a_processor_that_lacks_an_instruction_is_hopeless() -> None:
    assert (
        why_hopeless(-SIGILL, (), 1) == "Envoy cannot run on this processor (SIGILL); --envoy-path names another build"
    )
