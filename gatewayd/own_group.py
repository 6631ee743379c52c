"""The names that are the project's own: its API group, controller, labels, annotations and trust domain.

Everything else derives them from here, so that whoever owns the project can give it another domain in one commit:
this file, then `python deploy/write.py`. tests/unit/test_own_group.py holds the tree to that.
"""

from typing import Final

DOMAIN: Final = "gatewayd.io"
"""The group of our own kinds, and what our labels and annotations begin with."""
VERSION: Final = "v1alpha1"
"""The version of our own kinds."""
API_VERSION: Final = f"{DOMAIN}/{VERSION}"
CONTROLLER: Final = f"{DOMAIN}/controller"
"""The `controllerName` of the GatewayClasses that are ours."""
INGRESS_CONTROLLER: Final = f"{DOMAIN}/ingress-controller"
"""The `spec.controller` of the IngressClasses that are ours."""
PREFIX: Final = f"{DOMAIN}/"
TRUST_DOMAIN: Final = "gatewayd"
"""https://github.com/spiffe/spiffe/blob/main/standards/SPIFFE-ID.md#21-trust-domain"""
IDENTITY: Final = f"spiffe://{TRUST_DOMAIN}/ns/"
"""What the identity of each proxy begins with."""
NODE_IDENTITY: Final = f"spiffe://{TRUST_DOMAIN}/mesh/"
"""What the identity of the proxies of nodes begins with; the name of their mesh follows."""
RATE_LIMIT_IDENTITY: Final = f"spiffe://{TRUST_DOMAIN}/rate-limit-service"
"""Who may have the limits of all policies, to count by them."""


def own(name: str) -> str:
    """Return the label or annotation of ours that is called `name`."""
    return f"{PREFIX}{name}"
