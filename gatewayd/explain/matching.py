"""Whether a RequestMatch holds for a request, and if not, which part of it fails.

Expressions have RE2's meaning and must match the whole text, as in Envoy. Agreement with Envoy itself is a test:
tests/feature/test_explain_agrees.py.
"""

from collections.abc import Iterator
from typing import assert_never

import re2

from gatewayd.explain.request import Request
from gatewayd.ir.http import (
    ExactPath,
    ExactValue,
    NamedMatch,
    PathMatch,
    PrefixPath,
    RegexPath,
    RegexValue,
    RequestMatch,
)


def mismatches(match: RequestMatch, request: Request) -> tuple[str, ...]:
    """Return what of a match does not hold, in words; empty when all of it does."""
    return tuple(_mismatches(match, request))


def _mismatches(match: RequestMatch, request: Request) -> Iterator[str]:
    if not path_holds(match.path, request.path):
        yield f"path {request.path} {_path_wanted(match.path)}"
    if match.methods and request.method not in match.methods:
        yield f"method {request.method} is not {' or '.join(match.methods)}"
    if match.grpc and not request.is_grpc:
        yield "content-type is not application/grpc"
    for header in match.headers:
        # A header may come in several lines; one that holds is enough.
        values = request.header(header.name.lower())
        if not any(_value_holds(header, value) for value in values):
            yield f"header {header.name} {_shown(values)} {_value_wanted(header)}"
    for query in match.queries:
        values = request.parameters(query.name)[:1]
        if not any(_value_holds(query, value) for value in values):
            yield f"query parameter {query.name} {_shown(values)} {_value_wanted(query)}"


def match_words(match: RequestMatch) -> str:
    """Return what a match asks for: `GET /cart and below, header env: canary`."""
    parts = [" ".join((*match.methods, _path_words(match.path)))]
    if match.grpc:
        parts.append("gRPC")
    parts += [f"header {each.name}: {_value_words(each)}" for each in match.headers]
    parts += [f"query parameter {each.name}={_value_words(each)}" for each in match.queries]
    return ", ".join(parts)


def _path_words(match: PathMatch) -> str:
    match match:
        case ExactPath():
            return match.value
        case PrefixPath(value=prefix):
            return "any path" if prefix.strip("/") == "" else f"{prefix} and below"
        case RegexPath():
            return f"paths that match {match.pattern}"
        case _:
            assert_never(match)


def _value_words(match: NamedMatch) -> str:
    value = match.value
    return value.value if isinstance(value, ExactValue) else f"~{value.pattern}"


def path_holds(match: PathMatch, path: str) -> bool:
    """Return whether a path (without its query) matches."""
    match match:
        case ExactPath():
            return path == match.value
        case PrefixPath():
            prefix = match.value.rstrip("/")
            return path == prefix or path.startswith(f"{prefix}/")
        case RegexPath():
            return re2.fullmatch(match.pattern, path) is not None
        case _:
            assert_never(match)


def _value_holds(match: NamedMatch, sent: str) -> bool:
    value = match.value
    match value:
        case ExactValue():
            return sent == value.value
        case RegexValue():
            return re2.fullmatch(value.pattern, sent) is not None
        case _:
            assert_never(value)


def _path_wanted(match: PathMatch) -> str:
    match match:
        case ExactPath():
            return f"is not {match.value}"
        case PrefixPath():
            return f"is neither {match.value} nor below it"
        case RegexPath():
            return f"does not match {match.pattern}"
        case _:
            assert_never(match)


def _value_wanted(match: NamedMatch) -> str:
    value = match.value
    return f"is not {value.value!r}" if isinstance(value, ExactValue) else f"does not match {value.pattern}"


def _shown(values: tuple[str, ...]) -> str:
    return ", ".join(map(repr, values)) or "(absent)"
