"""Which namespaces a listener or a Gateway lets in.

https://gateway-api.sigs.k8s.io/reference/spec/#routenamespaces
"""

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from gatewayd.api.core import Namespace
from gatewayd.api.meta import ObjectKey
from gatewayd.api.selectors import LabelSelector, LabelSelectorRequirement
from gatewayd.incremental.view import View

_MOST_SHOWN: Final = 4
"""Terms of a selector that a message shows."""


class Admission(NamedTuple):
    """Whom to let in: `rule` is "All", "Same", "Selector" or "None"; `home` is whose "Same" it is."""

    rule: str
    selector: LabelSelector | None
    home: str


def admits(view: View, admission: Admission, namespace: str) -> bool:
    """Return whether objects of `namespace` are let in."""
    if admission.rule == "Selector":
        row = view.get(Namespace, ObjectKey("", namespace))
        return row is not None and admission.selector is not None and selects(admission.selector, row.metadata.labels)
    return admission.rule == "All" or (admission.rule == "Same" and namespace == admission.home)


def admitted_words(admission: Admission) -> str:
    """Return whom a rule lets in, as a message says it."""
    match admission.rule:
        case "Selector":
            return f"namespaces with {_selector_words(admission.selector)}" if admission.selector else "none"
        case "Same":
            return f"namespace {admission.home!r}"
        case "All":
            return "all namespaces"
        case _:
            return "none"


def _selector_words(selector: LabelSelector) -> str:
    """Return what a selector asks for, as kubectl writes it; its first terms where it has many."""
    terms = [f"{name}={value}" for name, value in sorted(selector.match_labels.items())]
    for each in selector.match_expressions:
        values = f" ({', '.join(each.values[:_MOST_SHOWN])})" if each.values else ""
        terms.append(f"{each.key} {each.operator}{values}")
    return ",".join([*terms[:_MOST_SHOWN], *(["..."] if len(terms) > _MOST_SHOWN else [])]) or "any labels"


def _value_in(labels: Mapping[str, str], term: LabelSelectorRequirement) -> bool:
    return labels.get(term.key) in term.values


_OPERATORS: Mapping[str, Callable[[Mapping[str, str], LabelSelectorRequirement], bool]] = {
    "In": _value_in,
    "NotIn": lambda labels, term: not _value_in(labels, term),
    "Exists": lambda labels, term: term.key in labels,
    "DoesNotExist": lambda labels, term: term.key not in labels,
}


def selects(selector: LabelSelector, labels: Mapping[str, str]) -> bool:
    """Return whether the labels fit; an empty selector fits all, an unknown operator none.

    https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors
    """
    if any(labels.get(name) != value for name, value in selector.match_labels.items()):
        return False
    operators = (_OPERATORS.get(term.operator) for term in selector.match_expressions)
    return all(
        operator is not None and operator(labels, term)
        for operator, term in zip(operators, selector.match_expressions, strict=True)
    )
