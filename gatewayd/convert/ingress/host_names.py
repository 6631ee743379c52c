"""Hosts that an API server takes: rules and certificates of others are of an Ingress that nobody has ever served.

https://kubernetes.io/docs/reference/kubernetes-api/service-resources/ingress-v1/#IngressSpec
"""

import re
from typing import Final

from msgspec import structs

from gatewayd.api.names import is_dns_subdomain, shown
from gatewayd.convert.fates import Fate, Fidelity
from gatewayd.convert.ingress.shapes import WrittenIngress, WrittenTLS

_ADDRESS: Final = re.compile(r"[0-9.]+")
_ALLOWED: Final = "no API server takes this host; a DNS name whose first label may be '*' is allowed, or none for all"


def with_good_hosts(ingress: WrittenIngress, fates: list[Fate]) -> WrittenIngress:
    """Return an Ingress without the rules and the hosts of certificates that no API server takes; these are lost."""
    rules = []
    for at, rule in enumerate(ingress.spec.rules):
        if _is_host(rule.host):
            rules.append(rule)
        else:
            fates.append(_fate(f"spec.rules[{at}].host", rule.host, "the rule is left out"))
    good = (_good(each, f"spec.tls[{at}].hosts", fates) for at, each in enumerate(ingress.spec.tls))
    tls = tuple(each for each in good if each is not None)
    if tuple(rules) == ingress.spec.rules and tls == ingress.spec.tls:
        return ingress
    # One without rules would be for all hosts.
    default = ingress.spec.default_backend if rules or not ingress.spec.rules else None
    spec = structs.replace(ingress.spec, rules=tuple(rules), tls=tls, default_backend=default)
    return structs.replace(ingress, spec=spec)


def _good(tls: WrittenTLS, path: str, fates: list[Fate]) -> WrittenTLS | None:
    """Return an entry with its good hosts; None where it had others only: without hosts it would be for all."""
    wrong = [each for each in tls.hosts if not each or not _is_host(each)]
    fates.extend(_fate(path, each, "it has no certificate") for each in wrong)
    hosts = tuple(each for each in tls.hosts if each not in wrong)
    return structs.replace(tls, hosts=hosts) if hosts or not wrong else None


def _is_host(text: str) -> bool:
    name = text.lower().removeprefix("*.")
    return not text or (is_dns_subdomain(name) and _ADDRESS.fullmatch(name) is None)


def _fate(path: str, host: str, effect: str) -> Fate:
    return Fate(path=path, fidelity=Fidelity.LOST, message=f"{shown(host)}: {_ALLOWED}; {effect}")
