r"""The string and number types of the Gateway API with their limits, named once.

Patterns are those of the CRDs with RE2's meaning: msgspec matches with `re.search`, whose `$` also matches before a
trailing newline, so that every end of text is written `\Z` here. `HeaderValue` is written without nested repetition
(same language): Python's engine backtracks, the API server's does not.
https://gateway-api.sigs.k8s.io/reference/spec/
"""

from typing import Annotated, Final, Literal

from msgspec import Meta

LABEL: Final = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
SUBDOMAIN: Final = rf"{LABEL}(\.{LABEL})*"
FIELD_NAME: Final = r"^[A-Za-z0-9!#$%&'*+\-.^_\x60|~]+\Z"
INT32_MAX: Final = 2_147_483_647

Group = Annotated[
    str,
    Meta(max_length=253, description="a DNS subdomain, or empty for the core group", pattern=rf"^\Z|^{SUBDOMAIN}\Z"),
]
KindName = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=63,
        description="letters, digits and '-', beginning with a letter",
        pattern=r"^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?\Z",
    ),
]
ObjectName = Annotated[str, Meta(min_length=1, max_length=253)]
NamespaceName = Annotated[
    str, Meta(min_length=1, max_length=63, description="lower-case letters, digits and '-'", pattern=rf"^{LABEL}\Z")
]
SectionName = Annotated[
    str,
    Meta(
        min_length=1, max_length=253, description="lower-case letters, digits, '-' and '.'", pattern=rf"^{SUBDOMAIN}\Z"
    ),
]
PortNumber = Annotated[int, Meta(ge=1, le=65535)]
Weight = Annotated[int, Meta(ge=0, le=1_000_000)]
Count = Annotated[int, Meta(ge=0, le=INT32_MAX)]
PositiveCount = Annotated[int, Meta(ge=1, le=INT32_MAX)]
Percent = Annotated[int, Meta(ge=0, le=100)]

Hostname = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=253,
        description="a lower-case DNS name whose first label may be '*'",
        pattern=rf"^(\*\.)?{SUBDOMAIN}\Z",
    ),
]
PreciseHostname = Annotated[
    str,
    Meta(
        min_length=1, max_length=253, description="a lower-case DNS name without wildcard", pattern=rf"^{SUBDOMAIN}\Z"
    ),
]
ControllerName = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=253,
        description="a DNS name, '/' and a path",
        pattern=rf"^{SUBDOMAIN}\/[A-Za-z0-9\/\-._~%!$&'()*+,;=:]+\Z",
    ),
]
HeaderName = Annotated[
    str,
    Meta(min_length=1, max_length=256, description="letters, digits and any of !#$%&'*+-.^_`|~", pattern=FIELD_NAME),
]
HeaderValue = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=4096,
        description="visible ASCII, with single spaces or tabs in between",
        pattern=r"^[!-~]+([\t ][!-~]+)*\Z",
    ),
]
Duration = Annotated[
    str,
    Meta(
        description="one to four numbers of up to five digits with a unit of h, m, s or ms each, such as 1m30s",
        pattern=r"^([0-9]{1,5}(h|m|s|ms)){1,4}\Z",
    ),
]
PathText = Annotated[str, Meta(max_length=1024)]
AnnotationValue = Annotated[str, Meta(min_length=0, max_length=4096)]
LabelValue = Annotated[
    str,
    Meta(
        min_length=0,
        max_length=63,
        description="letters, digits, '-', '_' and '.', beginning and ending with a letter or digit",
        pattern=r"^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?\Z",
    ),
]
TLSOptions = Annotated[dict[str, AnnotationValue], Meta(max_length=16)]

HTTPMethod = Literal["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"]
MatchType = Literal["Exact", "RegularExpression"]
DefaultScope = Literal["All", "None"]

SET: Final = {"list_type": "set"}
"""Marks a list without duplicates (`x-kubernetes-list-type: set`)."""


def map_list(*keys: str) -> dict[str, tuple[str, ...]]:
    """Mark a list whose elements differ in `keys`, given as wire names (`x-kubernetes-list-map-keys`)."""
    return {"list_map_keys": keys}
