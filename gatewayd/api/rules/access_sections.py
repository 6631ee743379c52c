"""Rules about single sections of AccessPolicies, each with the CEL text that the CRD has for it."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from msgspec import Struct
from msgspec.structs import fields

from gatewayd.api.accesspolicy import OIDC, AccessPolicySpec, AccessSections, ExternalAuthSection
from gatewayd.api.inherited import CONNECTION_KINDS
from gatewayd.api.meta import Problem, Problems
from gatewayd.api.rules.cel import Validation, has_each
from gatewayd.api.rules.filters import other_protocol_config_absent

_NEEDED: Final = frozenset({"issuer", "backend_ref", "client_id", "client_secret_ref"})
_ENDPOINTS: Final = ("authorizationEndpoint", "tokenEndpoint")
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


def endpoints_together(section: OIDC) -> Problems:
    """Check that the endpoints are all written, or all left to what the provider says (spec.default.oidc)."""
    given = (section.authorization_endpoint is not None, section.token_endpoint is not None)
    for wire, is_given in zip(_ENDPOINTS, given, strict=True):
        if not is_given and (any(given) or section.end_session_endpoint is not None):
            yield Problem(path=wire, message="is required beside another endpoint; without any, the provider is asked")


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


SECTIONS: Final[Mapping[type[Struct], tuple[Validation, ...]]] = {
    OIDC: (
        Validation(
            login_given,
            f"self.mode == 'Disabled' || ({has_each('self', LOGIN_FIELDS.values(), ' && ')})",
            f"{', '.join(LOGIN_FIELDS.values())} are required",
        ),
        Validation(
            endpoints_together,
            "has(self.authorizationEndpoint) == has(self.tokenEndpoint) && "
            "(!has(self.endSessionEndpoint) || has(self.tokenEndpoint))",
            "authorizationEndpoint and tokenEndpoint must be set together, and with endSessionEndpoint",
        ),
        Validation(
            paths_differ,
            "!has(self.callbackPath) || !has(self.logoutPath) || self.callbackPath != self.logoutPath",
            "callbackPath and logoutPath must differ",
        ),
    ),
    ExternalAuthSection: (
        Validation(
            server_given,
            "self.mode == 'Disabled' || (has(self.protocol) && has(self.backendRef))",
            "protocol and backendRef are required",
        ),
        Validation(
            other_protocol_config_absent,
            "!has(self.protocol) || (self.protocol == 'GRPC' ? !has(self.http) : !has(self.grpc))",
            "grpc is for protocol GRPC and http for HTTP",
        ),
    ),
}
