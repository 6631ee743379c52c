"""Rows of cases as a Markdown page: a table for each case, a column for each peer."""

from collections.abc import Mapping
from typing import Any

Row = Mapping[str, Any]

INTRODUCTION = """# gatewayd and its peers

Written by `make bench-peers`; every figure is of one machine: median (least to most). In `fanout` peers take turns in
the same rounds, in `churn` each has a cluster of its own at the same time, in the others one after the other. CPU is
user and system time of all threads, from /proc. The goals are gatewayd's: what its median is to be, and whether it is.
"""
_MARKS = {True: "met", False: "**missed**", None: "not measured"}


def page(results: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the page of the results by name of case module."""
    parts = [INTRODUCTION]
    for name, result in results.items():
        facts = ", ".join(f"{key}: {value}" for key, value in result.items() if key != "rows")
        parts.append(f"## {name}\n\n{facts}\n")
        titles = dict.fromkeys(row["case"] for row in result["rows"])
        parts += [_table(title, [row for row in result["rows"] if row["case"] == title]) for title in titles]
    return "\n".join(parts)


def _table(title: str, rows: list[Row]) -> str:
    peers = list(dict.fromkeys(row["peer"] for row in rows))
    metrics = dict.fromkeys((row["metric"], row["unit"]) for row in rows)
    goals = {row["metric"]: f"{row['goal']}: {_MARKS[row['met']]}" for row in rows if row["goal"]}
    cells = {(row["metric"], row["peer"]): _cell(row) for row in rows}
    lines = [["", *peers, "goal"], ["---", *["--:"] * len(peers), "--:"]]
    for metric, unit in metrics:
        name = f"{metric} ({unit})" if unit else metric
        lines.append([name, *(cells.get((metric, peer), "") for peer in peers), goals.get(metric, "")])
    return f"### {title}\n\n" + "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def _cell(row: Row) -> str:
    spread = "" if row["min"] == row["max"] else f" ({_number(row['min'])} to {_number(row['max'])})"
    note = f", {row['note']}" if row["note"] else ""
    return _number(row["median"]) + spread + note


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 or value == int(value) else f"{value:.4g}"
