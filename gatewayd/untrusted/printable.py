"""Text of strangers as it may be shown: on a terminal, in a log, in a workflow of GitHub, in YAML and in JSON.

In: any text, and names of files as the system gives them. Out: text that is valid UTF-8, moves no cursor, begins no
line, hides nothing and commands nobody. What is shown is ASCII or what Unicode calls printable, but for what it draws
nothing for (Default_Ignorable_Code_Point). https://www.unicode.org/reports/tr44/#Default_Ignorable_Code_Point

Programs that read build logs obey what stands in them: `::NAME` at the start of a line and `##[NAME` anywhere
(GitHub: https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions), `##vso[` (Azure Pipelines),
`##teamcity[`. One of their characters is shown as an escape, too.
"""

import json
import os
import re
from collections.abc import Callable
from typing import Any, Final

_INVISIBLE: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
"""What is called printable and draws nothing."""
_COMMAND: Final = re.compile(r"(?<=#)#(?=[A-Za-z]*\[)")
_COMMAND_AT_START: Final = re.compile(r"^(\s*):(?=:)")
_SURROGATEESCAPES: Final = range(0xDC80, 0xDD00)
"""What stands for a byte of a name that is no UTF-8. https://peps.python.org/pep-0383/"""

_Escape = Callable[[str], str]


def printable(text: str) -> str:
    """Return `text` as one line in which all that a terminal or a reader of logs would obey is an escape."""
    line = _escaped_line(text, _backslashed)
    return _COMMAND_AT_START.sub(r"\1\\x3a", line) if "::" in line else line


def printable_json(value: Any, indent: int | None = None, default: Callable[[Any], Any] | None = None) -> str:
    """Return `value` as JSON that holds the very same text; raises TypeError as `json.dumps` does."""
    text = json.dumps(value, indent=indent, ensure_ascii=False, default=default)
    return "\n".join(_escaped_line(line, _in_json) for line in text.split("\n"))


def printable_yaml(text: str) -> str:
    """Return YAML in which what is not printable stands in double quotes, with it as YAML's escapes."""
    return "\n".join(_escaped_line(line, _backslashed) for line in text.split("\n"))


def shown_path(path: str | os.PathLike[str]) -> str:
    """Return a path with the bytes that are no UTF-8 as escapes; what may not be printed is still in it."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _escaped_line(line: str, escape: _Escape) -> str:
    if not line.isprintable():
        line = "".join(each if each.isprintable() else escape(each) for each in line)
    if not line.isascii():
        line = _INVISIBLE.sub(lambda match: escape(match[0]), line)
    return _COMMAND.sub(lambda match: escape(match[0]), line) if "##" in line else line


def _backslashed(character: str) -> str:
    code = ord(character)
    if code in _SURROGATEESCAPES:
        return f"\\x{code - 0xDC00:02x}"
    if character == "#":
        return r"\x23"
    return character.encode("unicode_escape").decode("ascii")


def _in_json(character: str) -> str:
    return r"\u0023" if character == "#" else json.dumps(character)[1:-1] if ord(character) != 0x7F else r"\u007f"
