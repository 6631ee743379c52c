"""Annotations of other controllers of Ingresses than ingress-nginx: none is read, and those that may protect close.

In: all annotations of an Ingress. Out: the `Fate` of each that a controller of Ingresses has a name like. Annotations
of other programs, such as those that issue certificates, are none of ours.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from gatewayd.convert.fates import Fate, Fidelity
from gatewayd.translator.nginx.annotations import PREFIX
from gatewayd.translator.nginx.known import PROTECTIVE

_CONTROLLERS: Final = re.compile(
    r"(?:.*\.)?(?:ingress\.kubernetes\.io|haproxy-ingress\.github\.io|haproxy\.org|haproxy\.com|konghq\.com"
    r"|projectcontour\.io|heptio\.com|nginx\.org|nginx\.com|zalando\.org|apisix\.apache\.org|higress\.io|getambassador\.io"
    r"|traefik\.io|traefik\.containo\.us|solo\.io|networking\.gke\.io)"
)
"""Domains of controllers: https://kubernetes.io/docs/concepts/services-networking/ingress-controllers/"""
_ANYTHING: Final = re.compile(
    r"middleware|plugin|snippet|polic|filter|predicate|cidr|acl|rule|whitelist|scheme|frontend-config"
)
"""Words of names whose values may be protections, whatever they are called there."""


def is_of_controller(group: str) -> bool:
    """Return whether a group of objects, or the domain of annotations, is a controller's of Ingresses."""
    return _CONTROLLERS.fullmatch(group) is not None


def other_fates(annotations: Mapping[str, str]) -> Iterator[Fate]:
    """Yield what becomes of annotations of other controllers."""
    for name in annotations:
        domain, _, own = name.partition("/")
        if name.startswith(PREFIX) or not own or not is_of_controller(domain):
            continue
        protects = bool(PROTECTIVE.search(own) or _ANYTHING.search(own))
        may = "and its name says that it may protect" if protects else "and is not read"
        yield Fate(
            path=f'metadata.annotations["{name}"]',
            fidelity=Fidelity.LOST,
            message=f"it is of another controller than ingress-nginx, {may}",
            protects=protects,
        )
