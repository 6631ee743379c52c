"""Text in Lua -> its words, read as LuaJIT reads them, or more strictly: what is taken here has one meaning there.

https://www.lua.org/manual/5.1/manual.html#2.1
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

RESERVED: Final = frozenset(
    {"and", "break", "do", "else", "elseif", "end", "false", "for", "function", "goto", "if", "in", "local", "nil"}
    | {"not", "or", "repeat", "return", "then", "true", "until", "while"}
)
NAME, NUMBER, STRING, END = "name", "number", "string", "end of the text"


class Word(NamedTuple):
    """A word: its kind (itself, for reserved words and symbols), its text and its line."""

    kind: str
    text: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NoLua:
    """Why a text is none that a proxy can run: a line (0: the whole text), and what is wrong there."""

    line: int
    why: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.why}" if self.line else self.why


_ESCAPE: Final = (
    r"\\(?:[abfnrtv\\\"'\n]|x[0-9A-Fa-f]{2}|z[ \t\n]*|25[0-5]|2[0-4][0-9]|[01][0-9]{2}|[0-9]{1,2}(?![0-9]))"
)
_TOKEN: Final = re.compile(
    rf"""
    (?P<blank>[ \t\n]+ | --(?!\[=*\[)[^\n]* | --\[(?P<ends>=*)\[(?s:.*?)\](?P=ends)\])
    | (?P<long>\[(?P<level>=*)\[(?s:.*?)\](?P=level)\])
    | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
    | (?P<number>(?:0[xX][0-9A-Fa-f]+ | (?:[0-9]+(?:\.[0-9]*)? | \.[0-9]+)(?:[eE][+-]?[0-9]+)?)(?![A-Za-z0-9_.]))
    | (?P<string>"(?:[^"\\\n] | {_ESCAPE})*" | '(?:[^'\\\n] | {_ESCAPE})*')
    | (?P<symbol>\.\.\. | \.\. | == | ~= | <= | >= | [-+*/%^\#<>=(){{}}\[\];:,.])
    """,
    re.VERBOSE,
)
_UNSEEN: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
"""A proxy's Lua ends at a NUL, and a comment at a carriage return: it would read less or more than is read here."""


def words(text: str) -> tuple[Word, ...] | NoLua:
    """Return the words of a text, with one of the kind END behind them."""
    unseen = _UNSEEN.search(text)
    if unseen is not None:
        return NoLua(line=text.count("\n", 0, unseen.start()) + 1, why="has a control character")
    found: list[Word] = []
    for each in _words(text):
        if isinstance(each, NoLua):
            return each
        found.append(each)
    return tuple(found)


def _words(text: str) -> Iterator[Word | NoLua]:
    at, line = 0, 1
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None:
            yield NoLua(line=line, why="is no Lua")
            return
        if token["blank"] is None:
            yield _word(token, line)
        line += token[0].count("\n")
        at = token.end()
    yield Word(END, "", line)


def _word(token: re.Match[str], line: int) -> Word:
    text = token[0]
    if token["name"] is not None:
        return Word(text if text in RESERVED else NAME, text, line)
    if token["number"] is not None:
        return Word(NUMBER, text, line)
    return Word(text if token["symbol"] is not None else STRING, text, line)
