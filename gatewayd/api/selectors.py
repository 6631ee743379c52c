"""Label selectors, as they stand in a listener's and a Gateway's namespace rules.

https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors
"""

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
