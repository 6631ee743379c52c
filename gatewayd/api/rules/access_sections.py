"""Rules about single sections of AccessPolicies; their CEL texts stand beside them in `inherited`."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from msgspec.structs import fields

from gatewayd.api.accesspolicy import OIDC, AccessPolicySpec, AccessSections, ExternalAuthSection
from gatewayd.api.inherited import CONNECTION_KINDS
from gatewayd.api.meta import Problem, Problems

_NEEDED: Final = frozenset(
    {"issuer", "authorization_endpoint", "token_endpoint", "backend_ref", "client_id", "client_secret_ref"}
)
LOGIN_FIELDS: Final[Mapping[str, str]] = MappingProxyType(
    {each.name: each.encode_name for each in fields(OIDC) if each.name in _NEEDED}
)
"""What a login cannot do without: attributes, and their names in manifests."""

OF_REQUESTS: Final = tuple(each.encode_name for each in fields(AccessSections) if each.name != "clients")
"""Sections, as manifests call them, that look at requests, and so say nothing of mere connections."""


def server_given(section: ExternalAuthSection) -> Problems:
    """Check that it is said who is asked, and how (spec.default.externalAuth)."""
    if section.is_disabled:
        return
    if section.protocol is None:
        yield Problem(path="protocol", message="is required; allowed: HTTP, GRPC")
    if section.backend_ref is None:
        yield Problem(path="backendRef", message="is required")


def login_given(section: OIDC) -> Problems:
    """Check that it is said where to log in, and as whom (spec.default.oidc)."""
    for name, wire in LOGIN_FIELDS.items():
        if getattr(section, name) is None and not section.is_disabled:
            yield Problem(path=wire, message="is required")


def paths_differ(section: OIDC) -> Problems:
    """Check that a login and a logout have paths of their own (spec.default.oidc)."""
    if section.callback_path is not None and section.callback_path == section.logout_path:
        yield Problem(path="logoutPath", message="must not be the callbackPath")


def connections_take_clients(spec: AccessPolicySpec) -> Problems:
    """Check that a policy for a TCPRoute or a TLSRoute has no section but clients (spec)."""
    kind = next((ref.kind for ref in spec.target_refs if ref.kind in CONNECTION_KINDS), None)
    for strategy in ("default", "override") if kind is not None else ():
        given = getattr(spec, strategy)
        for each in fields(AccessSections) if given is not None else ():
            if each.encode_name in OF_REQUESTS and getattr(given, each.name) is not None:
                why = f"must not be set for kind {kind}, whose connections are not looked into; allowed: clients"
                yield Problem(path=f"{strategy}.{each.encode_name}", message=why)
