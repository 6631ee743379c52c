"""Every call that logs has its row in LOG_EVENTS, with its fields, and every row a call; a page shows the table."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from gatewayd.telemetry.log_events import LOG_EVENTS

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "operations.md"
LEVELS = {"debug", "info", "warning", "error", "exception"}
OF_STRUCTLOG = {"exc_info"}
"""Keywords that are no fields."""


class LogCall(NamedTuple):
    """A call of a logger: where, which event, and the fields that it gives."""

    where: str
    event: str
    fields: frozenset[str]


def log_calls() -> Iterator[LogCall]:
    for path in sorted((ROOT / "gatewayd").rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        values = {
            node.targets[0].id if isinstance(node, ast.Assign) else node.target.id: node.value
            for node in ast.walk(tree)
            if (isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name))
            or (isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name))
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and is_of_a_logger(node.func, values):
                where = f"{path.relative_to(ROOT)}:{node.lineno}"
                yield LogCall(where, event_of(node.args[0], values), frozenset(fields_of(node, values)))


def is_of_a_logger(function: ast.expr, values: dict[str, ast.expr | None]) -> bool:
    match function:
        case ast.Attribute(value=logger, attr=level) if level in LEVELS:
            return is_logger(logger, values)
        case ast.Call(func=ast.Name(id="getattr"), args=[logger, *_]):
            return is_logger(logger, values)
        case _:
            return False


def is_logger(logger: ast.expr | None, values: dict[str, ast.expr | None]) -> bool:
    match logger:
        case ast.Name(id=name):
            return is_logger(values.get(name), {})
        case ast.Call(func=ast.Attribute(attr="get_logger")):
            return True
        case _:
            return False


def event_of(first: ast.expr, values: dict[str, ast.expr | None]) -> str:
    value = values[first.id] if isinstance(first, ast.Name) else first
    assert isinstance(value, ast.Constant)
    assert isinstance(value.value, str)
    return value.value


def fields_of(call: ast.Call, values: dict[str, ast.expr | None]) -> Iterator[str]:
    """Yield the names of the keywords of a call, those of a dict that is spread out as well."""
    for keyword in call.keywords:
        if keyword.arg is not None:
            yield keyword.arg
            continue
        assert isinstance(keyword.value, ast.Name)
        facts = values[keyword.value.id]
        assert isinstance(facts, ast.Dict)
        yield from (key.value for key in facts.keys if isinstance(key, ast.Constant))


def test_names_of_events_are_distinct() -> None:
    names = [event.name for event in LOG_EVENTS]
    assert len(set(names)) == len(names)


def test_every_call_has_its_row_and_gives_its_fields() -> None:
    fields = {event.name: set(event.fields) for event in LOG_EVENTS}
    calls = list(log_calls())
    assert len(calls) >= len(LOG_EVENTS)
    assert [call for call in calls if call.event not in fields] == []
    assert [call for call in calls if call.fields - OF_STRUCTLOG - fields[call.event]] == []


def test_every_row_and_every_field_of_it_is_logged() -> None:
    logged: dict[str, set[str]] = {}
    for call in log_calls():
        logged.setdefault(call.event, set()).update(call.fields - OF_STRUCTLOG)
    assert {event.name: set(event.fields) for event in LOG_EVENTS} == logged


def test_the_page_shows_the_table() -> None:
    section = PAGE.read_text(encoding="utf-8").partition("\n## Log events\n")[2].partition("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| `")]
    assert rows == [
        f"| `{event.name}` | {', '.join(f'`{field}`' for field in event.fields) or '-'} | {event.written} |"
        for event in LOG_EVENTS
    ]
