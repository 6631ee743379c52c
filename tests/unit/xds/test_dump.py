import json
from dataclasses import replace

import pytest
from envoy.config.route.v3 import route_components_pb2, route_pb2
from google.protobuf import any_pb2

from gatewayd.ir.fleet import GatewayFleet
from gatewayd.ir.policy import APIKey, APIKeyClients, BasicUser, BasicUsers, KeySource
from gatewayd.ir.tls import Certificate, PrivateBytes, SharedSecret, TrustBundle
from gatewayd.xds import names
from gatewayd.xds.dump import REDACTED, resource_json, resource_of, snapshot_json, without_private
from gatewayd.xds.encoding import serialised
from gatewayd.xds.filters.chain import filter_fields
from gatewayd.xds.messages.secret import secret
from gatewayd.xds.resource import CLUSTER, ROUTE, SECRET, resource, snapshot
from gatewayd.xds.resource_map import NOTHING
from tests.unit.example import SHOP, translated


def test_every_type_that_is_there_is_shown() -> None:
    value = snapshot_json(translated(SHOP).reconciler.snapshots[GatewayFleet(namespace="default", name="web")])

    assert list(value) == ["CDS", "EDS", "ECDS", "RDS", "LDS"]
    (cluster,) = value["CDS"].values()
    assert cluster["name"] == "default/cart/80/http1"
    assert json.dumps(value)
    # What is inside of an Any is shown by its own fields.
    assert "explicit_http_config" in json.dumps(cluster)


def test_names_and_entries_of_maps_come_in_order() -> None:
    names = [f"r{at}" for at in (4, 1, 3, 0, 2)]
    host = route_components_pb2.VirtualHost(name="a", typed_per_filter_config={each: any_pb2.Any() for each in names})
    made = (
        resource(ROUTE, name, serialised(route_pb2.RouteConfiguration(name=name, virtual_hosts=[host])))
        for name in names
    )
    shown = snapshot_json(snapshot(GatewayFleet(namespace="default", name="web"), made))["RDS"]
    assert list(shown) == sorted(names)
    assert list(shown["r0"]["virtual_hosts"][0]["typed_per_filter_config"]) == sorted(names)
    many = NOTHING.replaced({f"c{at}": resource(CLUSTER, f"c{at}", b"") for at in range(2_000)})
    whole = replace(snapshot(GatewayFleet(namespace="default", name="web"), ()), resources={CLUSTER: many})
    shown = snapshot_json(whole)["CDS"]
    assert list(shown) == sorted(shown)


def test_private_keys_are_left_out() -> None:
    certificate = Certificate(name="default/tls", chain=b"-----CHAIN-----", key=PrivateBytes(b"-----KEY-----"))
    item = resource(SECRET, names.secret(certificate), serialised(secret(certificate)))

    text = json.dumps(resource_json(item))

    assert REDACTED in text
    assert "-----CHAIN-----" in text
    assert "KEY" not in text
    assert "LS0tLS1LRVk" not in text  # nor in base64


def test_a_secret_that_others_know_is_left_out() -> None:
    shared = SharedSecret(name="client/shop/s", content=PrivateBytes(b"hunter2"))
    item = resource(SECRET, names.secret(shared), serialised(secret(shared)))
    assert resource_json(item) == {"name": "shared/client/shop/s"}
    assert "hunter2" not in repr(shared)


@pytest.mark.parametrize(
    "who",
    [
        APIKeyClients(
            keys=(APIKey(client="ann", key=PrivateBytes(b"hunter2")),),
            sources=(KeySource(kind="Header", name="x-key"),),
            client_header="",
        ),
        BasicUsers(users=(BasicUser(name="ann", sha1=PrivateBytes(b"{SHA}hunter2")),), client_header=""),
    ],
)
def test_keys_and_passwords_of_routes_are_left_out(who: APIKeyClients | BasicUsers) -> None:
    host = route_components_pb2.VirtualHost(name="a", domains=["a"], **filter_fields((who,)))
    item = resource(ROUTE, "80", serialised(route_pb2.RouteConfiguration(name="80", virtual_hosts=[host])))

    text = json.dumps(resource_json(item))

    assert REDACTED in text
    assert "hunter2" not in text
    assert "hunter2" in item.body.decode("latin-1")


def test_trust_is_shown() -> None:
    bundle = TrustBundle(name="default/ca", certificates=b"-----CA-----")
    item = resource(SECRET, names.secret(bundle), serialised(secret(bundle)))

    assert "-----CA-----" in json.dumps(resource_json(item))


def test_what_envoy_dumps_loses_what_is_private_however_deep_it_stands() -> None:
    keys = {"@type": "type.googleapis.com/envoy.extensions.filters.http.api_key_auth.v3.ApiKeyAuth", "credentials": [1]}

    assert without_private({"a": [{"b": keys}]}) == {"a": [{"b": {**keys, "credentials": REDACTED}}]}
    assert without_private("text") == "text"


def test_a_resource_is_read_again_but_for_what_is_private() -> None:
    made = resource_of("RDS", "80", "v", {"name": "80", "virtual_hosts": [{"name": REDACTED, "domains": ["a"]}]})

    assert (made.name, made.version) == ("80", "v")
    assert resource_json(made) == {"name": "80", "virtual_hosts": [{"domains": ["a"]}]}


@pytest.mark.parametrize(("short", "value"), [("XDS", {}), ("RDS", {"nonsense": 1})])
def test_what_is_no_resource(short: str, value: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=short):
        resource_of(short, "80", "v", value)
