"""The ExternalAuth filters of a listener -> filters of Envoy before all others, one for each, in their order.

They are configured by virtual hosts, each of which belongs to one listener. What they add to a request may lead it to
another route of the virtual host, so routes are asked again after each of them; the host stays what it was.
Rules: https://gateway-api.sigs.k8s.io/geps/gep-5224/
"""

from collections.abc import Sequence
from typing import Any

from gatewayd.ir.filters import ExternalAuth
from gatewayd.ir.limits import GUARDS
from gatewayd.xds.filters.auth import ext_authz, in_place

# A composite can take a list of filters, but of those it asks the first that has to wait for an answer, and no other.
NAMES = tuple(f"g{number}" for number in range(1, GUARDS + 1))


def guards_per_host(guards: Sequence[ExternalAuth]) -> dict[str, Any]:
    """Return the configurations of one virtual host by the filter's name."""
    by_name: dict[str, Any] = {}
    already: set[str] = set()
    for name, auth in zip(NAMES, guards, strict=False):
        config = ext_authz(auth)
        config.clear_route_cache = True
        if auth.says:
            # Envoy looks for the route anew only if the server has set a header, and the one that it has found may be
            # due to a header that is gone now. A status is in each answer, and set nowhere: `auth.ext_authz`.
            config.http_service.authorization_response.allowed_upstream_headers.patterns.add(exact=":status")
        # What an earlier guard may have said stays.
        by_name[name] = in_place(config, auth, [header for header in auth.says if header not in already])
        already.update(auth.says)
    return by_name
