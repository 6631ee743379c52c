"""APIKeyClients and BasicUsers -> Envoy's api_key_auth or basic_auth filter, in one place: a rule has one way in.

A key is taken away before the request goes on. Keys are in the configuration of the route, which `dump` does not show.
https://www.envoyproxy.io/docs/envoy/v1.40.0/api-v3/extensions/filters/http/api_key_auth/v3/api_key_auth.proto
"""

from functools import lru_cache
from typing import Any, Final

from envoy.config.core.v3 import base_pb2
from envoy.extensions.filters.http.api_key_auth.v3 import api_key_auth_pb2
from envoy.extensions.filters.http.basic_auth.v3 import basic_auth_pb2

from gatewayd.ir.policy import APIKeyClients, BasicUsers
from gatewayd.xds.filters.auth import composite, taking_place

NAME = "key"
CONFIG = composite(NAME)
_API_KEY: Final = "envoy.filters.http.api_key_auth"
_BASIC: Final = "envoy.filters.http.basic_auth"


@lru_cache(maxsize=256)
def per_route(who: APIKeyClients | BasicUsers) -> Any:
    """Return the configuration of one route."""
    if isinstance(who, BasicUsers):
        return taking_place(_BASIC, _basic(who))
    return taking_place(_API_KEY, _api_keys(who))


def _api_keys(clients: APIKeyClients) -> Any:
    return api_key_auth_pb2.ApiKeyAuth(
        credentials=[
            api_key_auth_pb2.Credential(key=each.key.decode("ascii"), client=each.client) for each in clients.keys
        ],
        key_sources=[api_key_auth_pb2.KeySource(**{each.kind.lower(): each.name}) for each in clients.sources],
        forwarding=api_key_auth_pb2.Forwarding(header=clients.client_header, hide_credentials=True),
    )


def _basic(who: BasicUsers) -> Any:
    lines = "".join(f"{each.name}:{each.sha1.decode('ascii')}\n" for each in who.users)
    return basic_auth_pb2.BasicAuth(
        users=base_pb2.DataSource(inline_string=lines), forward_username_header=who.client_header
    )
