"""Objects of Envoy Gateway's kinds as they arrive: nothing in them is judged before a translation asks for it.

So one that has a field that nobody knows is a row like any other, and can be told of and closed.
https://gateway.envoyproxy.io/docs/api/extension_types/
"""

from typing import Any, Final

from msgspec import field

from gatewayd.api.meta import KubernetesObject

ENVOY_GATEWAY_GROUP: Final = "gateway.envoyproxy.io"
ENVOY_GATEWAY_VERSION: Final = "v1alpha1"


class ForeignObject(KubernetesObject, frozen=True, kw_only=True):
    """An object of one of their kinds; `spec` as it was written."""

    spec: dict[str, Any] = field(default_factory=dict)


class SecurityPolicy(ForeignObject, frozen=True, kw_only=True):
    """Who may come in."""


class BackendTrafficPolicy(ForeignObject, frozen=True, kw_only=True):
    """What happens to a request on its way, and how backends are spoken to."""


class EnvoyBackend(ForeignObject, frozen=True, kw_only=True):
    """A backend that is not a Service; the kind is called Backend."""


class EnvoyProxy(ForeignObject, frozen=True, kw_only=True):
    """What the proxies of a Gateway tell, where it or its class names one."""


class EnvoyRouteFilter(ForeignObject, frozen=True, kw_only=True):
    """What a rule that names it does; the kind is called HTTPRouteFilter."""


class EnvoyExtensionPolicy(ForeignObject, frozen=True, kw_only=True):
    """Who sees messages on their way, and may change them."""


class ClientTrafficPolicy(ForeignObject, frozen=True, kw_only=True):
    """How clients may speak."""
