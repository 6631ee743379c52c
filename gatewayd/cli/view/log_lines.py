"""Entries of an access log as lines for people, and as JSON for programs; text of clients moves no cursor."""

from typing import Any, Final

from rich.text import Text

from gatewayd.access_log.entry import LogEntry, RuleName
from gatewayd.introspection.places import RulePlace
from gatewayd.ir.http import rule_field
from gatewayd.untrusted.printable import printable

_COLUMNS: Final = (("TIME", 12), ("STATUS", 6), ("MS", 6), ("METHOD", 6), ("ROUTE", 32), ("PLACE", 20))
_STYLES: Final = {"2": "green", "3": "cyan", "4": "yellow", "5": "red"}
_NO_FLAGS: Final = ("", "-")


def heading() -> Text:
    """Return the names of the columns."""
    return Text("  ".join((*(f"{name:<{width}}" for name, width in _COLUMNS), "REQUEST")), style="bold")


def entry_line(entry: LogEntry, place: RulePlace) -> Text:
    """Return a line of the table; what is too long for its column moves the rest of the line."""
    status = entry.text("status") or "-"
    cells = (
        entry.text("time").partition("T")[2].removesuffix("Z"),
        status,
        entry.text("duration_ms"),
        entry.text("method") or entry.text("protocol"),
        _route(entry.route),
        f"{place.file}:{place.line}" if place.file else "-",
    )
    shown = Text()
    for (_, width), cell in zip(_COLUMNS, cells, strict=True):
        style = _STYLES.get(status[0], "dim") if cell is status else ""
        shown.append(f"{printable(cell):<{width}}  ", style=style)
    shown.append(printable(_request(entry)))
    shown.append(printable(_trouble(entry)), style="dim")
    return shown


def entry_json(entry: LogEntry, place: RulePlace) -> dict[str, Any]:
    """Return the shape of a line of `logs -o json`: the line as the proxy wrote it, and the rule with its place."""
    route, known = entry.route, bool(place.file)
    return {
        **entry.fields,
        "rule": None if route is None else route.rule,
        "file": place.file if known else None,
        "line": place.line if known else None,
    }


def _route(route: RuleName | None) -> str:
    if route is None:
        return "-"
    return route.object if route.rule is None else f"{route.object} {rule_field(route.rule).removeprefix('spec.')}"


def _request(entry: LogEntry) -> str:
    """Return what was asked for, or over which connection."""
    url = f"{entry.text('host')}{entry.text('path')}"
    return url or " ".join(each for each in (entry.text("listener"), entry.text("server_name")) if each)


def _trouble(entry: LogEntry) -> str:
    """Return Envoy's words for an answer that no backend gave; "" for others."""
    flags, why = entry.text("flags"), entry.text("failure") or entry.text("details")
    return "" if flags in _NO_FLAGS else f"  {flags} {why}".rstrip()
