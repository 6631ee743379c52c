"""Which certificates and CA bundles the proxies of a Gateway have refused, and so shall not be sent again.

Whoever puts one into what the proxies get asks here first. What is refused is bad as if it could not be read: its
object is told so, in Envoy's words, and what does not need it stays. Other content has another version, and is tried.
"""

from gatewayd.api.meta import ObjectKey
from gatewayd.incremental.view import Index, View, query, rows
from gatewayd.ir.fleet import GatewayFleet
from gatewayd.ir.outcome import FleetReport, RefusedSecret
from gatewayd.ir.tls import Certificate, TrustBundle

REFUSED_BY_ANY = Index(
    name="gateways_by_refused_secret",
    sources=(rows(FleetReport, lambda row: [each.version for each in row.refused_secrets]),),
    group=lambda version: version,
)
"""By version: which Gateways have proxies that refused it."""


@query
def refused_secrets(view: View, gateway: ObjectKey) -> tuple[RefusedSecret, ...]:
    """Return what the proxies of a Gateway have refused; nothing, for almost all of them."""
    report = view.get(FleetReport, GatewayFleet(namespace=gateway.namespace, name=gateway.name))
    return () if report is None else report.refused_secrets


def refusal(view: View, gateway: ObjectKey, of: Certificate | TrustBundle) -> str | None:
    """Return what a proxy of the Gateway said when it refused this very content; None when none has."""
    refused = refused_secrets(view, gateway)
    if not refused:
        return None
    version = of.version
    words = next((each.message for each in refused if each.version == version), None)
    return None if words is None else f"a proxy refused it: {' '.join(words.split())}"
