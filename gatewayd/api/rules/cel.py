"""A rule in two languages: a function for files, and CEL for the API server.

https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#validation-rules
"""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from gatewayd.api.meta import Problems


class Validation(NamedTuple):
    """A rule: the function for files, and the same in CEL with the message of the API server."""

    rule: Callable[[Any], Problems]
    cel: str
    message: str


def has_each(path: str, names: Iterable[str], joint: str, negated: str = "") -> str:
    """Return CEL for fields that are set (with `negated` "!": are not), joined by an operator."""
    return joint.join(f"{negated}has({path}.{name})" for name in names)


def holds_some(name: str) -> str:
    """Return CEL for a list that is set and has an element: to `has` an empty one is set, and it says nothing."""
    return f"(has(self.{name}) && size(self.{name}) > 0)"
