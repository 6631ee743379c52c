"""Whether what an annotation comes to can be taken: each part is read as the field that it will stand in.

Values of annotations are anybody's text. ingress-nginx passed over what it could not read; a part that nobody would
take must not take the whole route with it.
"""

from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from gatewayd.api.accesspolicy import AccessSections
from gatewayd.api.backendpolicy import BackendSections
from gatewayd.api.decode import read_as
from gatewayd.api.httproute import HTTPRouteFilter
from gatewayd.api.names import is_dns_subdomain, shown
from gatewayd.api.routepolicy import RouteSections
from gatewayd.api.sessionpersistence import SessionPersistence
from gatewayd.ir.reserved import reserved
from gatewayd.translator.nginx.annotations import ANY_NAME, JSON, AnnotationEffect
from gatewayd.untrusted.new_paths import path_problem

_SECTIONS: Final[tuple[tuple[str, type[Struct]], ...]] = (
    ("access", AccessSections),
    ("passage", RouteSections),
    ("backend", BackendSections),
)


def problem_of(value: JSON, struct: type[Struct]) -> str:
    """Return what is wrong with a value, as `<field path>: <what is wrong>; <what is allowed>`; "" for nothing."""
    read = read_as(value, struct)
    return str(read[0]) if isinstance(read, tuple) else ""


def filter_problem(value: JSON) -> str:
    """Return what is wrong with a filter, "" for nothing."""
    read = read_as(value, HTTPRouteFilter)
    if isinstance(read, tuple):
        return str(read[0])
    for modifier in filter(None, (read.request_header_modifier, read.response_header_modifier)):
        for header in (*modifier.set, *modifier.add):
            if why := reserved(header.name):
                return f"header {shown(header.name)} {why}; headers of the message itself are allowed"
    changed = read.request_redirect or read.url_rewrite
    path = changed.path if changed is not None else None
    # None of ours replaces the beginning of a path.
    return path_problem(path.replace_full_path or "") if path is not None else ""


def effect_problem(effect: AnnotationEffect) -> str:
    """Return what is wrong with the first part of an effect that cannot be taken, "" for none."""
    return next(filter(None, _problems(effect)), "")


def _problems(effect: AnnotationEffect) -> Iterator[str]:
    yield from map(filter_problem, (*effect.filters, *effect.rewritten))
    for name, value in effect.more.items():
        yield problem_of(value, SessionPersistence) if name == "sessionPersistence" else ""
    for name, struct in _SECTIONS:
        yield problem_of(getattr(effect, name), struct)
    if effect.tls_name not in ("", ANY_NAME) and not is_dns_subdomain(effect.tls_name):
        yield f"{effect.tls_name[:60]} is no name of a certificate; a lower-case DNS name is allowed"
