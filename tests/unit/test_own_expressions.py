"""Regular expressions of our own: whatever a stranger writes, none of them takes for ever."""

import importlib
import pkgutil
import re
import time

import pytest

import gatewayd

LENGTH = 4096
"""The longest value that the CRDs let through."""
SECONDS = 1.0
"""An expression that backtracks takes hours for this; a good one milliseconds."""
PIECES = (
    "a",
    "a.",
    "a-",
    "-",
    ".",
    "/",
    "//",
    "%2",
    " ",
    "a ",
    "0",
    "1.",
    "0s",
    '"',
    "\\",
    "{",
    "(",
    "[",
    "a=",
    "%",
    "$",
    "é",
    "\t",
)
ENDS = ("", "!", "\n")


NOT_FOR_OTHERS = {"gatewayd.run.replica", "gatewayd.run.agent"}
"""Modules that change the process that they are imported into: it has no rich afterwards. They have no expressions."""


def expressions() -> dict[str, re.Pattern[str]]:
    found: dict[str, re.Pattern[str]] = {}
    for module in pkgutil.walk_packages(gatewayd.__path__, "gatewayd."):
        if module.name in NOT_FOR_OTHERS or module.name.endswith("__main__"):
            continue
        for value in vars(importlib.import_module(module.name)).values():
            if isinstance(value, re.Pattern) and isinstance(value.pattern, str):
                found.setdefault(value.pattern, value)
    return found


EXPRESSIONS = expressions()


def test_there_are_some() -> None:
    assert len(EXPRESSIONS) > 10


@pytest.mark.parametrize("pattern", EXPRESSIONS)
def test_no_text_takes_for_ever(pattern: str) -> None:
    expression = EXPRESSIONS[pattern]
    for piece in PIECES:
        for end in ENDS:
            text = piece * (LENGTH // len(piece)) + end
            for ask in (expression.fullmatch, expression.search):
                began = time.thread_time()
                ask(text)
                assert time.thread_time() - began < SECONDS, (pattern, piece, end)
