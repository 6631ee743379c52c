"""Hostnames of listeners and routes: what two have in common, and which of several is the most specific.

A hostname is "shop.example", "*.example" (any number of labels in front), or "*" (any host at all; what the API
writes as an absent hostname). All lower-case: https://gateway-api.sigs.k8s.io/reference/spec/#hostname
"""

import re
from typing import Final

ANY = "*"
_SERVICE_DOMAINS: Final = (".svc.cluster.local", ".svc")


def normalised(hostname: str | None) -> str:
    """Return the form that this module works with: absent and "" become "*", letters lower-case."""
    return hostname.lower() if hostname else ANY


def covers(pattern: str, hostname: str) -> bool:
    """Return whether every host that `hostname` stands for is one that `pattern` stands for."""
    if pattern in (ANY, hostname):
        return True
    # "*.example" does not stand for "example" itself, and does stand for "a.b.example".
    return pattern.startswith("*.") and hostname.endswith(pattern[1:]) and hostname != pattern[1:]


def intersection(one: str, other: str) -> str | None:
    """Return what two hostnames have in common, None for nothing: always one of the two."""
    if covers(one, other):
        return other
    return one if covers(other, one) else None


def broader(hostname: str) -> tuple[str, ...]:
    """Return the hostname and all that cover it, most specific first: a.b.c, *.b.c, *.c, *."""
    if hostname == ANY:
        return (ANY,)
    names = [hostname]
    _, dot, parent = hostname.removeprefix("*.").partition(".")
    while dot:
        names.append(f"*.{parent}")
        _, dot, parent = parent.partition(".")
    return (*names, ANY)


def covers_one_label(pattern: str, hostname: str) -> bool:
    """Return whether `hostname` is `pattern`, or stands under it where a wildcard is for exactly one label.

    https://kubernetes.io/docs/concepts/services-networking/ingress/#hostname-wildcards
    """
    if pattern in (ANY, hostname):
        return True
    label, _, rest = hostname.partition(".")
    return label != ANY and pattern == f"*.{rest}"


def one_label_pattern(wildcard: str) -> str:
    """Return what the Host of a request must match as a whole for a wildcard that is for exactly one label.

    Hosts are the same in any letters, and clients may add the port: https://www.rfc-editor.org/rfc/rfc9110#section-7.2
    """
    return rf"(?i)[^.]+{re.escape(wildcard.removeprefix('*'))}(:[0-9]+)?"


def specificity(hostname: str) -> tuple[int, int]:
    """Return a sort key, larger is more specific: characters of a non-wildcard name, then characters at all.

    https://gateway-api.sigs.k8s.io/reference/spec/#httproutespec (hostnames: precedence)
    """
    if hostname == ANY:
        return (0, 0)
    return (0 if hostname.startswith("*.") else len(hostname), len(hostname))


def named_service(host: str, own: str) -> tuple[str, str] | None:
    """Return namespace and name of the Service that a host name is for, None where it is none."""
    for domain in _SERVICE_DOMAINS:
        if host.endswith(domain):
            parts = host.removesuffix(domain).split(".")
            return (parts[1], parts[0]) if len(parts) == 2 else None
    parts = host.split(".")
    return (own, host) if len(parts) == 1 and host else None
