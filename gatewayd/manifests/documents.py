"""The text of one YAML or JSON file as the documents in it, each with its place.

`parse_file` never raises: what cannot be read is a `FileProblem`, and holds back only its own document, since the
separators (`---` and `...` at the start of a line, which no YAML scalar may contain) are found before anything is
parsed. https://yaml.org/spec/1.2.2/#9-yaml-document-stream
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Final

import yaml

from gatewayd.manifests.json_value import read_json_stream
from gatewayd.manifests.yaml_value import Flaw, Limits, read_yaml
from gatewayd.untrusted.printable import printable

LIMITS: Final = Limits(file_bytes=8 * 1024 * 1024, depth=64, values=1_000_000)
MOST_DOCUMENTS: Final = 20_000
_TOO_MANY: Final = f"more than {MOST_DOCUMENTS} documents in one file; the rest is not read"

_SEPARATOR: Final = re.compile(rb"^(?:---(?=[ \t\r\n]|\Z)|\.\.\.(?=[ \t\r\n]|\Z)[^\n]*\n?)", re.MULTILINE)
_CONTENT: Final = re.compile(r"^[ \t]*[^#\s]", re.MULTILINE)
_DIRECTIVES: Final = re.compile(rb"(?:[ \t]*(?:#[^\n]*)?\r?\n)*(?:%[^\n]*\n(?:[ \t]*(?:#[^\n]*)?\r?\n)*)+")
_FORBIDDEN: Final = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ufeff\ue000-\ufffd\U00010000-\U0010ffff]")
_STEP: Final = re.compile(r'\["(?P<quoted>[^"]*)"\]|\[(?P<index>[0-9]{1,9})\]|(?P<name>[^.\[\]]+)')


_LONGEST_NAME: Final = 400
"""Characters of a kind, a namespace and a name that are good; a file may hold megabytes in their place."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class FileProblem:
    """Something wrong in a file; `line` counts from 1, 0 is for the file as such.

    `object` is which object of it, "" for none; `reason` is the code of the message, "" where it has none. Prints as
    `file:line: object: message`, safe for any terminal.
    """

    file: str
    line: int
    message: str
    object: str = ""
    reason: str = ""

    @property
    def text(self) -> str:
        """What is wrong, with the object that it is about."""
        name = self.object if len(self.object) <= _LONGEST_NAME else f"{self.object[:_LONGEST_NAME]}..."
        return f"{name}: {self.message}" if name else self.message

    def __str__(self) -> str:
        return printable(f"{self.file}:{self.line}: {self.text}" if self.line else f"{self.file}: {self.text}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an object stands: `file`, the 1-based `line` it begins on, and the `text` it was read from.

    `text` begins on line `text_line` of the file; `root` is the path of the object within it ("" or "items[3]").
    """

    file: str
    line: int
    text: str = field(repr=False)
    text_line: int
    root: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"

    def moved_to(self, text_line: int) -> "Place":
        """Return the place of the same text where it begins on another line."""
        return (
            self
            if text_line == self.text_line
            else replace(self, line=self.line + text_line - self.text_line, text_line=text_line)
        )

    def line_of(self, path: str) -> int:
        """Return the line of the field at `path` (`spec.rules[0].matches[2]`), or of what is nearest above it."""
        line = _line_in(self.text, f"{self.root}.{path}" if self.root else path)
        return self.line if line is None else max(self.line, self.text_line + line)


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One object of a file, as read, and where it stands."""

    value: Mapping[str, object]
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A part of a file that is read by itself: its `text`, which begins on line `line` of the file (from 1)."""

    file: str
    line: int
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """What a text holds; `problems` is not empty exactly when some of it could not be read.

    `values` counts what was read, with every alias written out.
    """

    documents: tuple[Document, ...]
    problems: tuple[FileProblem, ...]
    values: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Chunk:
    """The bytes between two separators, and the 1-based line they begin on."""

    data: bytes
    line: int


def parse_file(file: str, data: bytes) -> Parsed:
    """Read all documents of `data`; `file` is its name for messages, its suffix `.json` asks for strict JSON."""
    documents: list[Document] = []
    problems: list[FileProblem] = []
    left = LIMITS.values
    for part in split_file(file, data):
        if isinstance(part, FileProblem):
            problems.append(part)
            continue
        parsed = parse_section(part, left)
        left -= parsed.values
        documents.extend(parsed.documents)
        problems.extend(parsed.problems)
    return Parsed(documents=tuple(documents), problems=tuple(problems), values=LIMITS.values - left)


def split_file(file: str, data: bytes) -> Iterator[Section | FileProblem]:
    """Cut a file into what can be read part by part, and tell which parts are no text at all."""
    if len(data) > LIMITS.file_bytes:
        message = f"the file is too long; at most {LIMITS.file_bytes} bytes are allowed"
        yield FileProblem(file=file, line=1, message=message)
        return
    chunks = (_Chunk(data=data, line=1),) if file.endswith(".json") else _chunks(data)
    for number, chunk in enumerate(chunks):
        if number >= MOST_DOCUMENTS:
            yield FileProblem(file=file, line=chunk.line, message=_TOO_MANY)
            return
        text = _decode(chunk.data)
        if isinstance(text, Flaw):
            yield _problem(file, chunk.line, text)
        elif _CONTENT.search(text) is not None:
            yield Section(file=file, line=chunk.line, text=text)


def parse_section(section: Section, values: int) -> Parsed:
    """Read the documents of a section, which may hold at most so many values."""
    limits = Limits(file_bytes=LIMITS.file_bytes, depth=LIMITS.depth, values=max(0, values))
    if section.file.endswith(".json"):
        return _parse_json(section, limits)
    if section.text.lstrip("- \t\r\n").startswith("{"):
        # As kubectl does: what looks like JSON may be JSON that YAML cannot read, such as tabs between fields.
        parsed = _parse_json(section, limits)
        if not parsed.problems:
            return parsed
    value = read_yaml(section.text, limits)
    if value is None:
        return Parsed(documents=(), problems=(), values=0)
    if isinstance(value, Flaw):
        return Parsed(documents=(), problems=(_problem(section.file, section.line, value),), values=0)
    documents, problems = _objects_in(section, value.value, section.line + value.line)
    return Parsed(documents=documents, problems=problems, values=value.count)


def _parse_json(section: Section, limits: Limits) -> Parsed:
    documents: list[Document] = []
    problems: list[FileProblem] = []
    for number, document in enumerate(read_json_stream(section.text, limits)):
        if isinstance(document, Flaw):
            problems.append(_problem(section.file, section.line, document))
        elif number >= MOST_DOCUMENTS:
            problems.append(_problem(section.file, section.line, Flaw(line=document.line, message=_TOO_MANY)))
            break
        else:
            own = Section(file=section.file, line=section.line + document.line, text=document.text)
            some, wrong = _objects_in(own, document.value, own.line)
            documents.extend(some)
            problems.extend(wrong)
    # JSON has no aliases: its length bounds its values.
    return Parsed(documents=tuple(documents), problems=tuple(problems), values=0)


def _chunks(data: bytes) -> Iterator[_Chunk]:
    """Cut YAML at the separators: a chunk begins at its `---` (or at directives before it) and ends after a `...`."""
    start, line = 0, 1
    for match in _SEPARATOR.finditer(data):
        end = match.start() if match[0] == b"---" else match.end()
        piece = data[start:end]
        if not piece or (match[0] == b"---" and _DIRECTIVES.fullmatch(piece)):
            continue
        yield _Chunk(data=piece, line=line)
        start, line = end, line + piece.count(b"\n")
    if start < len(data):
        yield _Chunk(data=data[start:], line=line)


def _decode(data: bytes) -> str | Flaw:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start)
        return Flaw(line=line, message=f"not valid UTF-8: byte 0x{data[error.start]:02x}; only UTF-8 is allowed")
    control = _FORBIDDEN.search(text)
    if control is not None:
        line = text.count("\n", 0, control.start())
        return Flaw(line=line, message=f"control character U+{ord(control[0]):04X} is not allowed")
    return text


def _objects_in(section: Section, value: object, first: int) -> tuple[tuple[Document, ...], tuple[FileProblem, ...]]:
    """Return the objects of `value`, which begins on line `first`: those of a List one by one."""
    documents: list[Document] = []
    problems: list[FileProblem] = []
    for root, item in _objects(value, ""):
        place = _line_in(section.text, root) if root else None
        line = first if place is None else section.line + place
        if isinstance(item, dict):
            where = Place(file=section.file, line=line, text=section.text, text_line=section.line, root=root)
            documents.append(Document(value=item, place=where))
        elif item is not None or root:
            message = f"{_name_of(item)} stands where an object with apiVersion and kind belongs"
            problems.append(FileProblem(file=section.file, line=line, message=message))
    return tuple(documents), tuple(problems)


def _objects(value: object, root: str) -> Iterator[tuple[str, object]]:
    """Yield (path, object); a List's items take its kind and apiVersion where they have none of their own.

    https://kubernetes.io/docs/reference/using-api/api-concepts/#collections
    """
    if not (isinstance(value, dict) and isinstance(kind := value.get("kind"), str) and kind.endswith("List")):
        yield root, value
        return
    items = value.get("items")
    if items is None:
        return
    if not isinstance(items, list):
        yield f"{root}.items" if root else "items", items
        return
    given = {} if kind == "List" else {"apiVersion": value.get("apiVersion"), "kind": kind.removesuffix("List")}
    for index, item in enumerate(items):
        path = f"{root}.items[{index}]" if root else f"items[{index}]"
        if isinstance(item, dict):
            yield from _objects({**given, **item}, path)
        else:
            yield path, item


def _name_of(value: object) -> str:
    names = {
        list: "a list",
        str: "a text",
        bool: "a boolean",
        int: "a number",
        float: "a number",
        type(None): "nothing",
    }
    return names.get(type(value), "a value")


def _problem(file: str, line: int, flaw: Flaw) -> FileProblem:
    return FileProblem(file=file, line=line + flaw.line, message=flaw.message)


@lru_cache(maxsize=1)
def _tree(text: str) -> yaml.Node | None:
    """Compose the node tree of a text that has been read within the limits (JSON texts: as far as YAML reads them)."""
    try:
        return yaml.compose(text, Loader=yaml.CSafeLoader)
    except (yaml.YAMLError, ValueError):
        return None


def _line_in(text: str, path: str) -> int | None:
    """Return the 0-based line of the nearest existing node on the way to `path`; None where there is no tree."""
    node = _tree(text)
    if node is None:
        return None
    line = int(node.start_mark.line)
    for step in _STEP.finditer(path):
        child = _child(node, step)
        if child is None:
            break
        line, node = child
    return line


def _child(node: yaml.Node, step: re.Match[str]) -> tuple[int, yaml.Node] | None:
    if isinstance(node, yaml.SequenceNode) and step["index"] is not None:
        index = int(step["index"])
        if index >= len(node.value):
            return None
        item = node.value[index]
        return int(item.start_mark.line), item
    if isinstance(node, yaml.MappingNode):
        name = step["quoted"] or step["name"] or step["index"]
        for key, value in node.value:
            if key.value == name:
                # The key's line: a block value begins on the line below it.
                return int(key.start_mark.line), value
    return None
