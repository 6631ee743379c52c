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
PREFIX: Final = f"{DOMAIN}/"
TRUST_DOMAIN: Final = "gatewayd"
"""https://github.com/spiffe/spiffe/blob/main/standards/SPIFFE-ID.md#21-trust-domain"""
IDENTITY: Final = f"spiffe://{TRUST_DOMAIN}/ns/"
"""What the identity of each proxy begins with."""
NODE_IDENTITY: Final = f"spiffe://{TRUST_DOMAIN}/mesh/"
"""What the identity of the proxies of nodes begins with; the name of their mesh follows."""
RATE_LIMIT_IDENTITY: Final = f"spiffe://{TRUST_DOMAIN}/rate-limit-service"
"""Who may have the limits of all policies, to count by them."""


MANAGER: Final = "gatewayd"
"""The field manager of what we write, and the value of the label of what we make for Gateways."""


def ingress_controller(controller: str) -> str:
    """Return the `spec.controller` of the IngressClasses of an installation whose controllerName is `controller`."""
    domain, _, name = controller.partition("/")
    return f"{domain}/ingress-{name}"


def manager(controller: str) -> str:
    """Return what marks what an installation writes and makes, of any number in a cluster: its controllerName.

    A label's value has no slash, and a domain no underscore, so that two controllerNames never lead to one mark.
    """
    return MANAGER if controller == CONTROLLER else f"{MANAGER}.{controller.replace('/', '_')}"


def is_managed(mark: str) -> bool:
    """Return whether a label's value is the mark of an installation of gatewayd, whichever it is."""
    return mark == MANAGER or mark.startswith(f"{MANAGER}.")


def own(name: str) -> str:
    """Return the label or annotation of ours that is called `name`."""
    return f"{PREFIX}{name}"
