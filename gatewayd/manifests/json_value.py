"""One or more JSON texts as plain values, strictly and within limits.

Stricter than `json.loads`: a key that stands twice, NaN, a number beyond JSON's usual range, and half of a surrogate
pair are refused, since each would mean something else to the next reader. https://www.rfc-editor.org/rfc/rfc8259
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from gatewayd.manifests.yaml_value import Flaw, Limits, read_yaml

_SPACE: Final = re.compile(r"[ \t\r\n]*")
_LONGEST_NUMBER: Final = 400
_INT64: Final = range(-(2**63), 2**64)


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonText:
    """The value of one JSON text, the line it begins on (from 0), and the text itself."""

    value: object
    line: int
    text: str


class _RefusedError(ValueError):
    """Something that JSON's grammar allows, or the decoder would let pass, and we do not."""


def read_json_stream(text: str, limits: Limits) -> Iterator[JsonText | Flaw]:
    """Yield each JSON text in `text`; the first flaw is the last thing yielded, placed from the start of `text`."""
    if text.count(",") + text.count("[") + text.count("{") > limits.values:
        yield Flaw(line=0, message=f"more than {limits.values} values")
        return
    place, line = 0, 0
    while True:
        start = _space_end(text, place)
        line += text.count("\n", place, start)
        if start == len(text):
            return
        try:
            value, place = _DECODER.raw_decode(text, start)
        except json.JSONDecodeError as error:
            yield Flaw(line=error.lineno - 1, message=f"not valid JSON: {error.msg[:1].lower()}{error.msg[1:]}")
            return
        except RecursionError:
            yield Flaw(line=line, message=f"nested deeper than {limits.depth} levels")
            return
        except _RefusedError as error:
            yield _refused(text[start:], line, str(error), limits)
            return
        flaw = _beyond(value, line, limits)
        if flaw is not None:
            yield flaw
            return
        yield JsonText(value=value, line=line, text=text[start:place])
        line += text.count("\n", start, place)


def _refused(text: str, line: int, message: str, limits: Limits) -> Flaw:
    """Place a refusal: JSON is nearly YAML, so that the reader of YAML mostly finds the very line."""
    flaw = read_yaml(text, limits)
    if isinstance(flaw, Flaw) and flaw.message == message:
        return Flaw(line=line + flaw.line, message=message)
    return Flaw(line=line, message=message)


def _beyond(value: object, line: int, limits: Limits) -> Flaw | None:
    """Return the limit that `value` exceeds."""
    level: list[object] = [value]
    for _ in range(limits.depth + 1):
        below: list[object] = []
        for item in level:
            if isinstance(item, dict):
                below.extend(item.values())
                below.extend(item)
            elif isinstance(item, list):
                below.extend(item)
            elif isinstance(item, str) and not item.isascii() and _is_broken(item):
                return Flaw(line=line, message="half of a surrogate pair is not allowed")
        if not below:
            return None
        level = below
    return Flaw(line=line, message=f"nested deeper than {limits.depth} levels")


def _is_broken(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def _space_end(text: str, place: int) -> int:
    match = _SPACE.match(text, place)
    return match.end() if match else place


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    value = dict(pairs)
    if len(value) == len(pairs):
        return value
    seen: set[str] = set()
    for key, _ in pairs:
        if key in seen:
            raise _RefusedError(f'key "{key[:80]}" stands twice in one mapping')
        seen.add(key)
    return value


def _constant(text: str) -> object:
    raise _RefusedError(f"{text} is no JSON number")


def _number(text: str) -> int | float:
    if len(text) > _LONGEST_NUMBER:
        raise _RefusedError("a number is too long")
    number = float(text) if any(mark in text for mark in ".eE") else int(text)
    if isinstance(number, int) and number not in _INT64:
        number = float(number)
    if number in (float("inf"), float("-inf")):
        raise _RefusedError("a number is too large")
    return number


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_object, parse_constant=_constant, parse_int=_number, parse_float=_number
)
