"""Rules about RouteFilters, each with the CEL text that the CRD has for it."""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct
from msgspec.structs import fields

from gatewayd.api.meta import Problem, Problems
from gatewayd.api.routefilter import FilterHeaders, RouteFilterSpec
from gatewayd.api.rules.cel import Validation, has_each

_WIRE: Final = tuple(each.encode_name for each in fields(RouteFilterSpec))


def something_done(spec: RouteFilterSpec) -> Problems:
    """Check that a filter does something (spec)."""
    if spec == RouteFilterSpec():
        yield Problem(path="", message=f"must have one of {', '.join(_WIRE)}")


def answer_alone(spec: RouteFilterSpec) -> Problems:
    """Check that no path is rewritten for an answer that asks nobody (spec)."""
    if spec.direct_response is not None and spec.path_rewrite is not None:
        yield Problem(path="pathRewrite", message="must not be set together with directResponse")


def some_message(headers: FilterHeaders) -> Problems:
    """Check that it is said whose headers are meant (spec.headers)."""
    if headers == FilterHeaders():
        yield Problem(path="", message="must have one of request, response")


PARTS: Final[Mapping[type[Struct], tuple[Validation, ...]]] = {
    RouteFilterSpec: (
        Validation(something_done, has_each("self", _WIRE, " || "), f"must have one of {', '.join(_WIRE)}"),
        Validation(
            answer_alone,
            "!has(self.directResponse) || !has(self.pathRewrite)",
            "directResponse and pathRewrite must not be set together",
        ),
    ),
    FilterHeaders: (
        Validation(some_message, "has(self.request) || has(self.response)", "must have one of request, response"),
    ),
}
