"""Rules about single sections of AccessPolicies; their CEL texts stand beside them in `inherited`."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from msgspec.structs import fields

from gatewayd.api.accesspolicy import OIDC, ExternalAuthSection
from gatewayd.api.meta import Problem, Problems

_NEEDED: Final = frozenset(
    {"issuer", "authorization_endpoint", "token_endpoint", "backend_ref", "client_id", "client_secret_ref"}
)
LOGIN_FIELDS: Final[Mapping[str, str]] = MappingProxyType(
    {each.name: each.encode_name for each in fields(OIDC) if each.name in _NEEDED}
)
"""What a login cannot do without: attributes, and their names in manifests."""


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
