"""What the recipes of contributing.md name in passing exists where they say: functions, tables, fields, commands."""

import ast
import keyword
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.unit.docs.test_links import INLINE, PATH, ROOT

PAGE = ROOT / "docs" / "contributing.md"
NAME = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")
ELSEWHERE = re.compile(r"<|make |python |gatewayd[ _]|GATEWAYD_|\(\)$")
"""Placeholders, and what test_links.py looks at: targets, scripts, commands, metrics, variables."""
SUBJECTS = (
    "filter",
    "policy",
    "kind of route",
    "xDS type",
    "source of objects",
    "command",
    "condition",
    "metric",
    "threshold",
)


class Step(NamedTuple):
    """A step or a paragraph of a recipe: the code spans in it."""

    recipe: str
    spans: tuple[str, ...]


def recipes() -> Iterator[tuple[str, str]]:
    """Yield the title and the text of each recipe."""
    yield from re.findall(r"^## Recipe \d+: (.*?)\n(.*?)(?=^## )", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)


def steps() -> Iterator[Step]:
    for title, text in recipes():
        for part in re.split(r"\n\n|\n(?=\d+\. )", text):
            yield Step(title, tuple(INLINE.findall(part)))


def files_of(step: Step) -> Iterator[Path]:
    """Yield the Python files that a step names; `<filter>` stands for any file, a folder for all below it."""
    for span in step.spans:
        if PATH.match(span):
            pattern = re.sub(r"<[^>]*>", "*", span.partition("::")[0])
            yield from ROOT.glob(f"{pattern}**/*.py" if pattern.endswith("/") else pattern)


@cache
def identifiers(file: Path) -> frozenset[str]:
    """Return all names that stand in a file: what it defines, and what it uses."""
    found: set[str] = {file.stem}
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                found.add(name)
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name):
                found.add(name)
            case _:
                pass
    return frozenset(found)


def in_passing(step: Step) -> Iterator[str]:
    """Yield what a step names without its file."""
    for span in step.spans:
        if not PATH.match(span) and not ELSEWHERE.search(span) and not is_of_python(span):
            yield span


def is_of_python(span: str) -> bool:
    return keyword.iskeyword(span) or keyword.issoftkeyword(span)


def test_there_is_a_recipe_for_each_subject() -> None:
    titles = [title for title, _ in recipes()]
    assert [subject for subject in SUBJECTS if not any(f"new {subject}" in title for title in titles)] == []


@pytest.mark.parametrize("step", [step for step in steps() if any(in_passing(step))])
def test_names_in_passing_exist_in_the_files_of_their_step(step: Step) -> None:
    files = [file for file in files_of(step) if file.suffix == ".py"] or list((ROOT / "gatewayd").rglob("*.py"))
    known = frozenset().union(*(identifiers(file) for file in files))
    missing = [span for span in in_passing(step) if not NAME.fullmatch(span) or not {*span.split(".")} <= known]
    assert missing == []
