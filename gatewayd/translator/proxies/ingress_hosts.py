"""For which domains a Route of an Ingress is, and how special the host is that brings it there.

All matches of a route are for all its hostnames. Those of an Ingress are for the host of their rule, where a wildcard
stands for exactly one label; a default backend is for all hosts of the rules, where nothing else is left.
https://kubernetes.io/docs/concepts/services-networking/ingress/#hostname-wildcards, #default-backend
"""

from gatewayd.api.ingress import Ingress
from gatewayd.ir.http import DEFAULT_BACKEND, RuleRef
from gatewayd.translator.further_hosts import host_of
from gatewayd.translator.hostnames import covers_one_label, specificity


def ingress_place(row: Ingress, source: RuleRef, domain: str) -> tuple[int, int] | None:
    """Return how special the host of a Route is at a domain, None where the Route is not for it.

    The places of default backends are after all others: of a host's own, then of every host.
    """
    host = host_of(row, source)
    if not covers_one_label(host, domain):
        return None
    own = specificity(host)
    return (-1, sum(own)) if source.rule == DEFAULT_BACKEND else own
