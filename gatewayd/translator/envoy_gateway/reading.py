"""A spec as it was written -> a struct, with everything in it that nobody knows, is wrong, or cannot be had."""

from collections.abc import Mapping
from typing import TypeVar

from gatewayd.api.decode import read_as
from gatewayd.api.envoy_gateway.fields import REFUSED, TheirShape, marked
from gatewayd.api.meta import Problem
from gatewayd.translator.envoy_gateway.taken import Telling

_SPEC = "spec"

T = TypeVar("T", bound=TheirShape)


def read(written: Mapping[str, object], struct: type[T], telling: Telling) -> T | None:
    """Return a spec as a struct; None where it cannot be read as one. What is wrong with it goes into `telling`."""
    value = read_as(written, struct)
    if isinstance(value, tuple):
        telling.refused.extend(map(_below_spec, value))
        return None
    for each in marked(value, _SPEC):
        (telling.refused if each.kind == REFUSED else telling.differs).append(each.problem)
    return value


def _below_spec(problem: Problem) -> Problem:
    path = f"{_SPEC}.{problem.path}" if problem.path else _SPEC
    return Problem(path=path, message=problem.message)
