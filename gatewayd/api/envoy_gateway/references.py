"""References as policies of ours have them, made of those of Envoy Gateway's kinds: ReferenceGrants are for the kind.

https://gateway-api.sigs.k8s.io/reference/spec/#referencegrant
"""

from typing import ClassVar

from gatewayd.api.accesspolicy import PolicyBackendRef, SecretRef
from gatewayd.api.envoy_gateway.objects import ENVOY_GATEWAY_GROUP
from gatewayd.api.meta import GroupKind

_SECURITY = GroupKind(ENVOY_GATEWAY_GROUP, "SecurityPolicy")


class SecuritySecretRef(SecretRef, frozen=True, kw_only=True):
    """A Secret that a SecurityPolicy names."""

    written_in: ClassVar[GroupKind | None] = _SECURITY


class SecurityBackendRef(PolicyBackendRef, frozen=True, kw_only=True):
    """A server that a SecurityPolicy names."""

    written_in: ClassVar[GroupKind | None] = _SECURITY


class ProxyBackendRef(PolicyBackendRef, frozen=True, kw_only=True):
    """A server that an EnvoyProxy names."""

    written_in: ClassVar[GroupKind | None] = GroupKind(ENVOY_GATEWAY_GROUP, "EnvoyProxy")


class ExtensionBackendRef(PolicyBackendRef, frozen=True, kw_only=True):
    """A server that an EnvoyExtensionPolicy names."""

    written_in: ClassVar[GroupKind | None] = GroupKind(ENVOY_GATEWAY_GROUP, "EnvoyExtensionPolicy")
