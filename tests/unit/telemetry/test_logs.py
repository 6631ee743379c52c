import io
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog

from gatewayd.telemetry import logs


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    before = structlog.get_config()
    yield
    structlog.configure(**before)


def test_json_lines_hold_the_event_and_its_fields() -> None:
    stream = io.StringIO()
    logs.configure("info", logs.JsonLines(stream=stream))

    structlog.get_logger().warning("port refused", why="taken")

    line = json.loads(stream.getvalue())
    assert (line["event"], line["why"], line["level"]) == ("port refused", "taken", "warning")
    assert line["timestamp"].endswith("Z")


def test_lower_levels_are_left_out() -> None:
    stream = io.StringIO()
    logs.configure("warning", logs.JsonLines(stream=stream))

    structlog.get_logger().info("not shown")

    assert stream.getvalue() == ""


def test_lines_for_people() -> None:
    stream = io.StringIO()
    logs.configure("debug", logs.Lines(stream=stream, colours=False))

    structlog.get_logger().debug("envoy says", message="hello")

    assert "envoy says" in stream.getvalue()
    assert "message=hello" in stream.getvalue()


def test_a_callback_is_told_level_and_line() -> None:
    told: list[tuple[str, str]] = []
    logs.configure("info", logs.Callback(tell=lambda level, line: told.append((level, line))))

    structlog.get_logger().error("query failed", query="rules", key="a/b")
    structlog.get_logger().info("plain")

    assert told == [("error", "query failed: query=rules, key=a/b"), ("info", "plain")]


def test_an_exception_is_told_too() -> None:
    told: list[str] = []
    logs.configure("info", logs.Callback(tell=lambda _level, line: told.append(line)))

    try:
        int("broken")
    except ValueError:
        structlog.get_logger().exception("snapshot failed")

    assert "ValueError: invalid literal" in told[0]


@pytest.mark.parametrize(
    ("stream", "format_", "kind"),
    [
        (io.StringIO(), None, logs.JsonLines),
        (Terminal(), None, logs.Lines),
        (Terminal(), "json", logs.JsonLines),
        (io.StringIO(), "console", logs.Lines),
    ],
)
def test_the_form_follows_the_stream_unless_it_is_named(stream: io.StringIO, format_: str | None, kind: type) -> None:
    assert isinstance(logs.destination_for(stream, format_), kind)


HOSTILE = "a\n12:00:00 [error] forged\x1b[2J\x9b\u202e\u200b\x7f"


class Hostile:
    def __repr__(self) -> str:
        return HOSTILE


def test_lines_for_people_hold_no_text_that_a_terminal_obeys() -> None:
    stream = io.StringIO()
    logs.configure("info", logs.Lines(stream=stream, colours=False))

    structlog.get_logger().info("envoy says", message=HOSTILE, other=[HOSTILE], third=Hostile())
    try:
        {}[HOSTILE]
    except KeyError:
        structlog.get_logger().exception("snapshot failed", gateway=HOSTILE)

    lines = stream.getvalue().splitlines()
    assert all(line.isprintable() for line in lines)
    assert lines[0].count("forged") == 3
    # Only events begin a line; what belongs to a traceback is indented.
    assert [line for line in lines if line[:1] not in "\t "][1:] == [
        line for line in lines if "snapshot failed" in line
    ]


def test_json_lines_say_the_same_in_printable_text() -> None:
    stream = io.StringIO()
    logs.configure("info", logs.JsonLines(stream=stream))

    structlog.get_logger().info("envoy says", message=HOSTILE, name="\udcff", third=Hostile())

    (line,) = stream.getvalue().splitlines()
    assert line.isprintable()
    assert json.loads(line)["message"] == HOSTILE
    line.encode("utf-8")


@pytest.mark.parametrize("kind", [logs.JsonLines, lambda stream: logs.Lines(stream=stream, colours=False)])
def test_a_full_disk_costs_lines_which_are_counted(kind: Callable[..., logs.Destination], tmp_path: Path) -> None:
    with (tmp_path / "log").open("w+") as stream, Path("/dev/full").open("w") as full:
        whole = os.dup(stream.fileno())
        logs.configure("info", kind(stream=stream))
        os.dup2(full.fileno(), stream.fileno())
        structlog.get_logger().info("one")
        structlog.get_logger().info("two")
        os.dup2(whole, stream.fileno())
        os.close(whole)
        structlog.get_logger().info("three")

        first, second = (tmp_path / "log").read_text().splitlines()
    assert "three" in first
    assert all(part in second for part in ("lines lost", "2", "no space left on device"))


def test_another_level_while_it_runs() -> None:
    stream = io.StringIO()
    logs.configure("error", logs.JsonLines(stream=stream))
    log = structlog.get_logger()
    log.info("too little")

    logs.set_level("info")
    log.info("now")

    assert logs.current_level() == "info"
    assert [json.loads(line)["event"] for line in stream.getvalue().splitlines()] == ["now"]


def test_lines_about_a_member_name_its_cluster() -> None:
    stream = io.StringIO()
    logs.configure("info", logs.JsonLines(stream=stream))

    with structlog.contextvars.bound_contextvars(cluster="west"):
        structlog.get_logger().warning("watch ended", kind="Service")

    assert json.loads(stream.getvalue())["cluster"] == "west"
