"""The parser's complaints about indentation in the words of those who write YAML.

In: a text and where the parser stopped. Out: a message. libyaml names what it looked for; most of the time a line is
indented by a tab, or by another number of spaces than those around it. https://yaml.org/spec/1.2.2/#61-indentation-spaces
"""

import re
from typing import Final

import yaml

_INDENT: Final = re.compile(r"[ \t]*")
_MISALIGNED: Final = frozenset({
    "did not find expected key", "did not find expected '-' indicator", "could not find expected ':'",
    "mapping values are not allowed in this context",
})  # fmt: skip
"""What libyaml says where a line is not aligned with those that it belongs to."""


def worded(text: str, error: yaml.MarkedYAMLError) -> str:
    """Return what is wrong with a text that the parser has refused."""
    mark = error.problem_mark or error.context_mark
    line = _line(text, mark.line) if mark is not None else ""
    indent = _indent(line)
    if "\t" in indent:
        return "a tab indents this line; YAML indents with spaces only"
    wanted = None if error.context_mark is None else error.context_mark.column
    if error.problem in _MISALIGNED and error.context_mark is not None and wanted is not None and len(indent) != wanted:
        first = _line(text, error.context_mark.line).strip()[:40]
        return f"this line is indented by {_spaces(len(indent))}, what it belongs to ({first}) by {_spaces(wanted)}"
    parts = (part for part in (error.context, error.problem) if part)
    return f"not valid YAML: {', '.join(parts)}"


def _line(text: str, number: int) -> str:
    lines = text.split("\n", number + 1)
    return lines[number] if number < len(lines) else ""


def _indent(line: str) -> str:
    match = _INDENT.match(line)
    return match[0] if match is not None else ""


def _spaces(count: int) -> str:
    return "1 space" if count == 1 else f"{count} spaces"
