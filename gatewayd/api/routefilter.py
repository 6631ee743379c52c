"""RouteFilter: what a rule does to its requests beyond what a route can say itself. A kind of our own group.

A rule names it in a filter of type ExtensionRef; one that is not there fails the rule's requests, and no other.
https://gateway-api.sigs.k8s.io/reference/spec/#httproutefilter (extensionRef)
"""

from typing import Annotated

from msgspec import Meta

from gatewayd.api.inherited import PolicyPart
from gatewayd.api.meta import KubernetesObject
from gatewayd.api.routepolicy import PolicyHeaderModifier
from gatewayd.api.scalars import HeaderValue


class FilterHeaders(PolicyPart, frozen=True, kw_only=True):
    """What is done to headers, as by the header modifiers of a rule."""

    request: PolicyHeaderModifier | None = None
    response: PolicyHeaderModifier | None = None


class PathRewrite(PolicyPart, frozen=True, kw_only=True):
    r"""Write `substitution` for whatever `pattern` (RE2) matches in the path; `\1` is its first group. Queries stay.

    https://gateway-api.sigs.k8s.io/geps/gep-4360/
    """

    pattern: Annotated[str, Meta(min_length=1, max_length=1024)]
    substitution: Annotated[
        str, Meta(max_length=1024, description="visible ASCII but '?' and '#'", pattern=r"^[!\"$->@-~]*\Z")
    ]


class DirectAnswer(PolicyPart, frozen=True, kw_only=True):
    """Answer with this instead of asking a backend; AccessPolicies count before it."""

    status: Annotated[int, Meta(ge=200, le=599)]
    body: Annotated[str, Meta(max_length=4096)] | None = None
    content_type: HeaderValue | None = None


class RouteFilterSpec(PolicyPart, frozen=True, kw_only=True):
    """What is done: one of these, or several that go together."""

    headers: FilterHeaders | None = None
    path_rewrite: PathRewrite | None = None
    direct_response: DirectAnswer | None = None


class RouteFilter(KubernetesObject, frozen=True, kw_only=True):
    """A filter of the rules that name it: headers, a rewrite of the path by an expression, or an answer."""

    spec: RouteFilterSpec
