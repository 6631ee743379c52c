"""A spec as it was written -> a struct, with everything in it that nobody knows, is wrong, or cannot be had."""

from collections.abc import Mapping
from typing import TypeVar

import msgspec

from gatewayd.api.envoy_gateway.fields import REFUSED, TheirShape, marked
from gatewayd.api.examine import examine
from gatewayd.api.meta import Problem
from gatewayd.translator.envoy_gateway.taken import Telling

_SPEC = "spec"

T = TypeVar("T", bound=TheirShape)


def read(written: Mapping[str, object], struct: type[T], telling: Telling) -> T | None:
    """Return a spec as a struct; None where it cannot be read as one. What is wrong with it goes into `telling`."""
    examined = examine(written, struct)
    if examined.problems:
        telling.refused.extend(_below_spec(each) for each in examined.problems)
        return None
    try:
        value = msgspec.convert(examined.value, struct)
    except (msgspec.ValidationError, ValueError, TypeError) as error:  # the two readings disagree: nobody is let in
        telling.refuse(_SPEC, f"is not valid; {error}")
        return None
    for each in marked(value, _SPEC):
        (telling.refused if each.kind == REFUSED else telling.differs).append(each.problem)
    return value


def _below_spec(problem: Problem) -> Problem:
    path = f"{_SPEC}.{problem.path}" if problem.path else _SPEC
    return Problem(path=path, message=problem.message)
