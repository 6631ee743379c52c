"""Label selectors, as they stand in a listener's and a Gateway's namespace rules.

https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors
"""

import re
from functools import lru_cache
from typing import Final

from msgspec import field

from gatewayd.api.meta import Shape


class LabelSelectorRequirement(Shape, frozen=True, kw_only=True):
    """One requirement; the CRD leaves `operator` open (In, NotIn, Exists, DoesNotExist have a meaning)."""

    key: str
    operator: str
    values: tuple[str, ...] = ()


class LabelSelector(Shape, frozen=True, kw_only=True):
    """All of its requirements must hold; without any it selects everything."""

    match_labels: dict[str, str] = field(default_factory=dict)
    match_expressions: tuple[LabelSelectorRequirement, ...] = ()


class BadSelectorError(ValueError):
    """A text is no label selector."""


_KEY: Final = r"(?:[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?/)?[A-Za-z0-9](?:[\w.-]{0,61}[A-Za-z0-9])?"
_VALUE: Final = r"(?:[A-Za-z0-9](?:[\w.-]{0,61}[A-Za-z0-9])?)?"
_TERM: Final = re.compile(
    rf"\s*(?:(?P<no>!)\s*)?(?P<key>{_KEY})"
    rf"(?:\s*(?P<sign>==?|!=)\s*(?P<value>{_VALUE})"
    rf"|\s+(?P<word>in|notin)\s*\((?P<values>\s*{_VALUE}(?:\s*,\s*{_VALUE})*)\s*\))?\s*(?:,|\Z)"
)
_OPERATOR: Final = {"in": "In", "notin": "NotIn", "=": "In", "==": "In", "!=": "NotIn"}


@lru_cache(maxsize=4)
def read_selector(text: str) -> LabelSelector:
    """Return what a text selects, as kubectl takes it; an empty one selects everything. Raises BadSelectorError.

    https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#list-and-watch-filtering
    """
    terms: list[LabelSelectorRequirement] = []
    at = 0
    while at < len(text):
        term = _TERM.match(text, at)
        if term is None or (term["no"] and (term["sign"] or term["word"])):
            allowed = "such as team=red,env in (dev,test),!old"
            raise BadSelectorError(f"{text[at:][:60]!r} is no label selector; allowed: {allowed}")
        terms.append(_requirement(term))
        at = term.end()
    return LabelSelector(match_expressions=tuple(terms))


def _requirement(term: re.Match[str]) -> LabelSelectorRequirement:
    operator = _OPERATOR.get(term["sign"] or term["word"] or "")
    if operator is None:
        return LabelSelectorRequirement(key=term["key"], operator="DoesNotExist" if term["no"] else "Exists")
    values = term["value"] if term["sign"] else term["values"]
    return LabelSelectorRequirement(
        key=term["key"], operator=operator, values=tuple(each.strip() for each in values.split(","))
    )
