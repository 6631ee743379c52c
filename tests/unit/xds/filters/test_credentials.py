from typing import Any

from envoy.extensions.filters.http.api_key_auth.v3 import api_key_auth_pb2
from envoy.extensions.filters.http.basic_auth.v3 import basic_auth_pb2
from envoy.extensions.filters.http.composite.v3 import composite_pb2

from gatewayd.ir.policy import APIKey, APIKeyClients, BasicUser, BasicUsers, KeySource
from gatewayd.ir.tls import PrivateBytes
from gatewayd.xds.filters.credentials import CONFIG, NAME, per_route

CLIENTS = APIKeyClients(
    keys=(APIKey(client="ann", key=PrivateBytes(b"secret")),),
    sources=(KeySource(kind="Header", name="x-key"), KeySource(kind="Query", name="key")),
    client_header="x-client",
)
USERS = BasicUsers(users=(BasicUser(name="ann", sha1=PrivateBytes(b"{SHA}x")),), client_header="x-user")


def read(who: APIKeyClients | BasicUsers, into: Any) -> Any:
    execute = composite_pb2.ExecuteFilterAction()
    per_route(who).xds_matcher.on_no_match.action.typed_config.Unpack(execute)
    assert execute.typed_config.typed_config.Unpack(into)
    return into


def test_what_stands_in_the_chain_is_an_empty_place() -> None:
    assert CONFIG.extension_config.name == NAME


def test_keys_of_clients() -> None:
    found = read(CLIENTS, api_key_auth_pb2.ApiKeyAuth())
    assert [(each.client, each.key) for each in found.credentials] == [("ann", "secret")]
    assert [(each.header, each.query, each.cookie) for each in found.key_sources] == [
        ("x-key", "", ""),
        ("", "key", ""),
    ]
    assert (found.forwarding.header, found.forwarding.hide_credentials) == ("x-client", True)


def test_users() -> None:
    found = read(USERS, basic_auth_pb2.BasicAuth())
    assert (found.users.inline_string, found.forward_username_header) == ("ann:{SHA}x\n", "x-user")


def test_what_is_shown_of_them_has_no_keys() -> None:
    assert "secret" not in repr(CLIENTS)
    assert "{SHA}" not in repr(USERS)
