"""server-alias of ingress-nginx: further names of the hosts of an Ingress."""

from collections.abc import Iterator
from typing import Final

from gatewayd.api.names import is_dns_subdomain
from gatewayd.translator.nginx.annotations import NginxAnnotations
from gatewayd.translator.nginx.fates import Fate, Fidelity

MOST_LIVE: Final = 9
"""Further hosts of an Ingress that is served as it is: as many as have numbers (`ir.http.FURTHER_HOST`)."""


def aliases(written: NginxAnnotations) -> tuple[str, ...]:
    """Return the further names of the hosts of an Ingress, server-alias."""
    return tuple(name.lower() for name in written.words("server-alias") if is_dns_subdomain(name.lower()))


def alias_fates(written: NginxAnnotations) -> Iterator[Fate]:
    """Yield what becomes of server-alias."""
    wrong = [name for name in written.words("server-alias") if not is_dns_subdomain(name.lower())]
    if wrong:
        yield written.fate("server-alias", Fidelity.LOST, f"{wrong[0]} is no name of a host, and is not served")
    elif "server-alias" in written:
        yield written.exact("server-alias", "further hostnames")
