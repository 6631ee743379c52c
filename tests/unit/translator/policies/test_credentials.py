import base64
from typing import Any

import pytest

from gatewayd.api.accesspolicy import APIKeys, APIKeySource, Basic, SecretRef
from gatewayd.ir.policy import APIKeyClients, BasicUsers
from gatewayd.translator.policies.credentials import HTPASSWD, MOST_CLIENTS, api_keys, basic_users
from gatewayd.translator.problems import Unsupported
from tests.unit.translator.manifests import delta, scratch

HASH = "{SHA}NWoZK3kTsExUV00Ywo1G5jlUKKs="
GRANT = """
kind: ReferenceGrant
metadata: {name: g, namespace: vault}
spec:
  from: [{group: gatewayd.io, kind: AccessPolicy, namespace: shop}]
  to: [{group: "", kind: Secret}]
"""


def secret(name: str = "s", namespace: str = "shop", **data: str) -> dict[str, Any]:
    coded = {key.replace("_", "."): base64.b64encode(value.encode()).decode() for key, value in data.items()}
    return {"kind": "Secret", "apiVersion": "v1", "metadata": {"name": name, "namespace": namespace}, "data": coded}


def keys(*names: str, namespace: str | None = None, **more: Any) -> APIKeys:
    return APIKeys(secret_refs=tuple(SecretRef(name=each, namespace=namespace) for each in names), **more)


def wrong(found: object) -> str:
    assert isinstance(found, Unsupported)
    assert "hunter" not in found.message
    return found.message


def test_every_entry_is_a_client() -> None:
    view = scratch(delta(secret("s", bob="key-b", ann="key-a\n")), delta(secret("t", eve="key-e")))
    found = api_keys(view, "shop", keys("s", "t", client_header="x-client"))
    assert isinstance(found, APIKeyClients)
    assert [(each.client, bytes(each.key)) for each in found.keys] == [
        ("ann", b"key-a"),
        ("bob", b"key-b"),
        ("eve", b"key-e"),
    ]
    assert [(each.kind, each.name) for each in found.sources] == [("Header", "x-api-key")]
    assert found.client_header == "x-client"


@pytest.mark.parametrize(
    ("data", "why"),
    [
        ({}, 'secretRefs[0]: Secret "shop/s" has no entries; each is a client with its key'),
        ({"ann": "hunter two"}, 'secretRefs[0]: Secret "shop/s": the key of "ann" is none; allowed: '),
        ({"ann": ""}, 'secretRefs[0]: Secret "shop/s": the key of "ann" is none; allowed: '),
        ({"ann": "hunter2", "bob": "hunter2"}, 'secretRefs[0]: clients "ann" and "bob" have the same key; '),
        ({f"c{each}": f"k{each}" for each in range(MOST_CLIENTS + 1)}, "secretRefs: have 257 clients; at most 256"),
    ],
)
def test_secrets_that_hold_no_keys(data: dict[str, str], why: str) -> None:
    assert wrong(api_keys(scratch(delta(secret(**data))), "shop", keys("s"))).startswith(why)


def test_headers_that_cannot_be() -> None:
    source = APIKeySource(type="Header", name="Host")
    assert wrong(api_keys(scratch(), "shop", keys("s", sources=(source,)))).startswith("sources[0].name: ")
    assert wrong(api_keys(scratch(), "shop", keys("s", client_header="te"))).startswith("clientHeader: ")
    assert wrong(basic_users(scratch(), "shop", Basic(client_header="te"))).startswith("clientHeader: ")


def test_another_namespace_has_to_allow_it() -> None:
    away = delta(secret("s", "vault", ann="hunter2"))
    section = keys("s", namespace="vault")
    message = 'secretRefs[0]: Secret "vault/s" is in another namespace without a ReferenceGrant'
    assert wrong(api_keys(scratch(away), "shop", section)) == message
    assert wrong(api_keys(scratch(), "shop", section)) == message
    assert isinstance(api_keys(scratch(away, GRANT), "shop", section), APIKeyClients)
    assert wrong(api_keys(scratch(away, GRANT), "other", section)) == message


def test_users_of_a_file() -> None:
    basic = Basic(secret_ref=SecretRef(name="s"), client_header="x-user")
    found = basic_users(scratch(delta(secret(_htpasswd=f"ann:{HASH}\n"))), "shop", basic)
    assert isinstance(found, BasicUsers)
    assert [(each.name, bytes(each.sha1).decode()) for each in found.users] == [("ann", HASH)]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        ({"users": "hunter"}, f'secretRef: Secret "shop/s" has no {HTPASSWD}; allowed: '),
        ({"_htpasswd": "ann:$2y$05$hunter"}, f'secretRef: Secret "shop/s": {HTPASSWD} line 1 is not in SHA-1 format'),
    ],
)
def test_files_that_hold_no_users(data: dict[str, str], why: str) -> None:
    section = Basic(secret_ref=SecretRef(name="s"))
    assert wrong(basic_users(scratch(delta(secret(**data))), "shop", section)).startswith(why)


def test_a_secret_that_is_not_there() -> None:
    gone = 'Secret "shop/s" does not exist'
    assert wrong(api_keys(scratch(), "shop", keys("s"))) == f"secretRefs[0]: {gone}"
    assert wrong(basic_users(scratch(), "shop", Basic(secret_ref=SecretRef(name="s")))) == f"secretRef: {gone}"
    assert wrong(basic_users(scratch(), "shop", Basic())) == "secretRef: is required"
