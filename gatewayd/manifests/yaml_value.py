"""One YAML document as a plain value, read the way `kubectl` reads it, within fixed limits.

Built from the parser's events and not from its node tree: each limit is checked before what it limits is built, so an
alias bomb, a deep nesting or a huge list costs no more than the limit allows. Nothing here recurses.

Plain scalars mean what they mean to `kubectl apply` (YAML 1.1 without dates and without base 60):
`on` is true, `2024-01-01` and `10:20` are text. https://yaml.org/type/
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

import yaml

from gatewayd.manifests.yaml_errors import worded

_CORE: Final = "tag:yaml.org,2002:"
_TEXT_TAGS: Final = frozenset({f"{_CORE}str", "!"})
_RESOLVED_TAGS: Final[Mapping[str, frozenset[type]]] = MappingProxyType({
    f"{_CORE}int": frozenset({int}),
    f"{_CORE}float": frozenset({int, float}),
    f"{_CORE}bool": frozenset({bool}),
    f"{_CORE}null": frozenset({type(None)}),
})  # fmt: skip
"""Tags that say what a text shall mean, and the types of which that is one."""
_CONTAINER_TAGS: Final[Mapping[type, frozenset[str | None]]] = MappingProxyType({
    dict: frozenset({None, "!", f"{_CORE}map"}),
    list: frozenset({None, "!", f"{_CORE}seq"}),
})  # fmt: skip
_LONGEST_SHOWN: Final = 80
_CONSTANTS: Final[Mapping[str, bool | None]] = MappingProxyType(
    {"": None, "~": None, "null": None, "Null": None, "NULL": None}
    | {word: True for text in ("true", "yes", "on") for word in (text, text.title(), text.upper())}
    | {word: False for text in ("false", "no", "off") for word in (text, text.title(), text.upper())}
)
_INTEGER: Final = re.compile(r"[-+]?(?:0b[01_]+|0o?[0-7_]+|0x[0-9a-fA-F_]+|[1-9][0-9_]*|0)", re.ASCII)
_FLOAT: Final = re.compile(r"[-+]?(?:\.[0-9]+|[0-9][0-9_]*(?:\.[0-9_]*)?)(?:[eE][-+]?[0-9]+)?", re.ASCII)
_LONGEST_NUMBER: Final = 64
_INT64: Final = range(-(2**63), 2**64)
_NO_KEY: Final = object()
_MERGE: Final = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one file may cost: bytes, nested containers, and values counted with every alias written out in full."""

    file_bytes: int
    depth: int
    values: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Flaw:
    """Why a text cannot be read; `line` counts from 0 at the text's first line."""

    line: int
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """The value of a text (dict, list, str, int, float, bool, None), its first line from 0, its count of values."""

    value: object
    line: int
    count: int


class _FlawedError(Exception):
    """Ends the reading of a document from within."""

    def __init__(self, flaw: Flaw) -> None:
        super().__init__(flaw.message)
        self.flaw = flaw


@dataclass(slots=True, kw_only=True)
class _Frame:
    """A mapping or list that is being filled: `before` is the count of values when it began."""

    items: dict[str, object] | list[object]
    anchor: str | None
    before: int
    key: object = _NO_KEY
    height: int = 0
    merged: list[Mapping[str, object]] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Anchored:
    value: object
    count: int
    height: int


def read_yaml(text: str, limits: Limits) -> Value | Flaw | None:
    """Read the one document of `text`; None where it holds comments and blanks alone."""
    try:
        parser = yaml.CSafeLoader(text)
        try:
            return _Builder(limits).read(parser)
        finally:
            parser.dispose()
    except _FlawedError as error:
        return error.flaw
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        return Flaw(line=mark.line if mark else 0, message=worded(text, error))
    except yaml.YAMLError as error:
        return Flaw(line=0, message=f"not valid YAML: {' '.join(str(error).split())}")


def plain_scalar(text: str) -> object:
    """Return what an unquoted scalar means; a number that JSON cannot hold stays text."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if len(text) > _LONGEST_NUMBER or text[0] not in "+-.0123456789":
        return text
    if _INTEGER.fullmatch(text):
        return _integer(text)
    if _FLOAT.fullmatch(text):
        number = float(text.replace("_", ""))
        return text if number in (float("inf"), float("-inf")) else number
    return text


def _integer(text: str) -> object:
    digits = text.replace("_", "")
    if re.fullmatch(r"[-+]?0[0-7]+", digits):
        number = int(digits, 8)
    else:
        try:
            number = int(digits, 0)
        except ValueError:
            return text
    return number if number in _INT64 else float(number)


class _Builder:
    """Turns the events of one document into its value; mutable while it reads, gone afterwards."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._frames: list[_Frame] = []
        self._anchors: dict[str, _Anchored | None] = {}
        self._count = 0
        self._root: object = _NO_KEY
        self._line = 0

    def read(self, parser: yaml.CSafeLoader) -> Value | None:
        documents = 0
        for event in _events(parser):
            handle = _HANDLERS.get(type(event))
            if handle is not None:
                handle(self, event)
            elif type(event) is yaml.DocumentStartEvent:
                documents += 1
                if documents > 1:
                    raise _flawed(event, "a second document begins without a line of ---")
        return None if self._root is _NO_KEY else Value(value=self._root, line=self._line, count=self._count)

    def scalar(self, event: yaml.ScalarEvent) -> None:
        plain = event.implicit[0] and event.tag is None
        frame = self._frames[-1] if self._frames else None
        if frame is not None and type(frame.items) is dict and frame.key is _NO_KEY:
            # A key is the text as written: JSON, which the API server reads, has no other keys.
            self._scalar_value(event)
            self._charge(1, event)
            self._set_key(frame, event, _MERGE if plain and event.value == "<<" else event.value)
            self._remember(event.anchor, event.value, 1, 0)
            return
        value = self._scalar_value(event)
        self._charge(1, event)
        self._remember(event.anchor, value, 1, 0)
        self._put(value, 0, event)

    def alias(self, event: yaml.AliasEvent) -> None:
        if event.anchor not in self._anchors:
            raise _flawed(event, f"alias *{event.anchor} has no anchor before it")
        target = self._anchors[event.anchor]
        if target is None:
            raise _flawed(event, f"alias *{event.anchor} stands inside what it names")
        if len(self._frames) + target.height > self._limits.depth:
            raise _flawed(event, self._too_deep())
        self._charge(target.count, event)
        self._put(target.value, target.height, event)

    def begin_mapping(self, event: yaml.MappingStartEvent) -> None:
        self._begin(event, {})

    def begin_list(self, event: yaml.SequenceStartEvent) -> None:
        self._begin(event, [])

    def end(self, event: yaml.CollectionEndEvent) -> None:
        frame = self._frames.pop()
        if isinstance(frame.items, dict):
            for source in frame.merged:
                for key, value in source.items():
                    frame.items.setdefault(key, value)
        self._remember(frame.anchor, frame.items, self._count - frame.before, frame.height + 1)
        self._put(frame.items, frame.height + 1, event)

    def _begin(self, event: yaml.CollectionStartEvent, items: dict[str, object] | list[object]) -> None:
        if event.tag not in _CONTAINER_TAGS[type(items)]:
            raise _not_allowed(event)
        frame = self._frames[-1] if self._frames else None
        if frame is not None and type(frame.items) is dict and frame.key is _NO_KEY:
            raise _flawed(event, "a key is a mapping or a list; only text is allowed")
        if len(self._frames) >= self._limits.depth:
            raise _flawed(event, self._too_deep())
        if frame is None:
            self._line = _line(event)
        if event.anchor is not None:
            self._anchors[event.anchor] = None
        self._frames.append(_Frame(items=items, anchor=event.anchor, before=self._count))
        self._charge(1, event)

    def _put(self, value: object, height: int, event: yaml.Event) -> None:
        if not self._frames:
            self._root = value
            return
        frame = self._frames[-1]
        # What is merged in stands no deeper than its own fields did.
        frame.height = max(frame.height, height - 1 if frame.key is _MERGE else height)
        if isinstance(frame.items, list):
            frame.items.append(value)
        elif frame.key is _NO_KEY:
            if not isinstance(value, str):
                raise _flawed(event, "a key is no text; only text is allowed")
            self._set_key(frame, event, value)
        else:
            if frame.key is _MERGE:
                frame.merged.extend(_merge_sources(value, event))
            else:
                frame.items[str(frame.key)] = value
            frame.key = _NO_KEY

    def _set_key(self, frame: _Frame, event: yaml.Event, key: object) -> None:
        if key in frame.items:
            raise _flawed(event, f'key "{str(key)[:80]}" stands twice in one mapping')
        frame.key = key

    def _remember(self, anchor: str | None, value: object, count: int, height: int) -> None:
        if anchor is not None:
            self._anchors[anchor] = _Anchored(value=value, count=count, height=height)

    def _charge(self, count: int, event: yaml.Event) -> None:
        self._count += count
        if self._count > self._limits.values:
            raise _flawed(event, f"more than {self._limits.values} values, counted with every alias written out")

    @staticmethod
    def _scalar_value(event: yaml.ScalarEvent) -> object:
        if event.tag is None:
            return plain_scalar(event.value) if event.implicit[0] else event.value
        if event.tag in _TEXT_TAGS:
            return event.value
        types = _RESOLVED_TAGS.get(event.tag)
        if types is None:
            raise _not_allowed(event)
        value = plain_scalar(event.value)
        if type(value) not in types:
            short = event.value[:_LONGEST_SHOWN]
            name = event.tag.removeprefix(_CORE)
            raise _flawed(event, f'"{short}" is no !!{name}, as its tag says; manifests need no tags')
        return value

    def _too_deep(self) -> str:
        return f"nested deeper than {self._limits.depth} levels"


_HANDLERS: Final[Mapping[type[yaml.Event], Callable[[_Builder, Any], None]]] = MappingProxyType({
    yaml.ScalarEvent: _Builder.scalar,
    yaml.AliasEvent: _Builder.alias,
    yaml.MappingStartEvent: _Builder.begin_mapping,
    yaml.SequenceStartEvent: _Builder.begin_list,
    yaml.MappingEndEvent: _Builder.end,
    yaml.SequenceEndEvent: _Builder.end,
})  # fmt: skip


def _merge_sources(value: object, event: yaml.Event) -> list[Mapping[str, object]]:
    """Return what `<<` brings in, in order of precedence. https://yaml.org/type/merge.html."""
    sources: list[Mapping[str, object]] = []
    for source in value if isinstance(value, list) else [value]:
        if not isinstance(source, dict):
            raise _flawed(event, "<< takes a mapping or a list of mappings")
        sources.append(source)
    return sources


def _events(parser: yaml.CSafeLoader) -> Iterator[Any]:
    line = 0
    while True:
        try:
            if not parser.check_event():
                return
            event: Any = parser.get_event()
        except ValueError as error:  # a tag of bytes that are no UTF-8 (`!<%ED%A0%80>`), which is not said as YAMLError
            raise _FlawedError(Flaw(line=line, message=f"not valid YAML: {error}")) from error
        line = event.end_mark.line
        yield event


def _not_allowed(event: yaml.ScalarEvent | yaml.CollectionStartEvent) -> _FlawedError:
    return _flawed(event, f"tag {str(event.tag)[:_LONGEST_SHOWN]} is not allowed; manifests need no tags")


def _flawed(event: yaml.Event, message: str) -> _FlawedError:
    return _FlawedError(Flaw(line=_line(event), message=message))


def _line(event: yaml.Event) -> int:
    return event.start_mark.line if event.start_mark else 0
