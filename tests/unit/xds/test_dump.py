import json

from gatewayd.ir.fleet import GatewayFleet
from gatewayd.ir.tls import Certificate, PrivateBytes, TrustBundle
from gatewayd.xds import names
from gatewayd.xds.dump import REDACTED, resource_json, snapshot_json
from gatewayd.xds.encoding import serialised
from gatewayd.xds.messages.secret import secret
from gatewayd.xds.resource import SECRET, resource
from tests.unit.example import SHOP, translated


def test_every_type_that_is_there_is_shown() -> None:
    value = snapshot_json(translated(SHOP).reconciler.snapshots[GatewayFleet(namespace="default", name="web")])

    assert list(value) == ["CDS", "EDS", "RDS", "LDS"]
    (cluster,) = value["CDS"].values()
    assert cluster["name"] == "default/cart/80/http1"
    assert json.dumps(value)
    # What is inside of an Any is shown by its own fields.
    assert "explicit_http_config" in json.dumps(cluster)


def test_private_keys_are_left_out() -> None:
    certificate = Certificate(name="default/tls", chain=b"-----CHAIN-----", key=PrivateBytes(b"-----KEY-----"))
    item = resource(SECRET, names.secret(certificate), serialised(secret(certificate)))

    text = json.dumps(resource_json(item))

    assert REDACTED in text
    assert "-----CHAIN-----" in text
    assert "KEY" not in text
    assert "LS0tLS1LRVk" not in text  # nor in base64


def test_trust_is_shown() -> None:
    bundle = TrustBundle(name="default/ca", certificates=b"-----CA-----")
    item = resource(SECRET, names.secret(bundle), serialised(secret(bundle)))

    assert "-----CA-----" in json.dumps(resource_json(item))
