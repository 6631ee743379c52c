"""kubeconfigs of members: what stands in them is used, and nothing that leads elsewhere."""

import base64
from typing import Any

import pytest
import yaml

from gatewayd.members.credentials import Credentials, RefusedCredentials, credentials

PEM = base64.b64encode(b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n").decode()
TOKEN = "ey.secret-token.sig"


def kubeconfig(cluster: dict[str, Any] | None = None, user: dict[str, Any] | None = None, **more: Any) -> bytes:
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "c",
        "contexts": [{"name": "c", "context": {"cluster": "west", "user": "reader"}}],
        "clusters": [
            {
                "name": "west",
                "cluster": {"server": "https://10.4.0.1:6443/", "certificate-authority-data": PEM, **(cluster or {})},
            }
        ],
        "users": [{"name": "reader", "user": {"token": TOKEN} if user is None else user}],
        **more,
    }
    return yaml.safe_dump(document).encode()


def refused(text: bytes | None) -> str:
    found = credentials(text)
    assert isinstance(found, RefusedCredentials), found
    assert str(found).startswith("data[kubeconfig]: ")
    assert TOKEN not in str(found)
    return str(found)


def test_a_token() -> None:
    found = credentials(kubeconfig({"tls-server-name": "api.west", "insecure-skip-tls-verify": False}))
    assert isinstance(found, Credentials)
    assert (found.url, found.server_name, found.token) == ("https://10.4.0.1:6443", "api.west", TOKEN)
    assert found.authority.startswith("-----BEGIN CERTIFICATE-----")
    assert TOKEN not in repr(found)


def test_a_certificate() -> None:
    found = credentials(kubeconfig(user={"client-certificate-data": PEM, "client-key-data": PEM}))
    assert isinstance(found, Credentials)
    assert (found.token, found.certificate == found.key != b"") == ("", True)


@pytest.mark.parametrize(
    "field",
    [
        {"exec": {"command": "aws"}},
        {"auth-provider": {"name": "gcp"}},
        {"tokenFile": "/var/run/secrets/token"},
        {"client-certificate": "/etc/a.crt"},
        {"client-key": "/etc/a.key"},
        {"username": "a"},
        {"password": "b"},
        {"as": "system:admin"},
        {"of-a-later-version": True},
    ],
    ids=lambda field: next(iter(field)),
)
def test_what_would_run_or_read_something_is_refused(field: dict[str, Any]) -> None:
    said = refused(kubeconfig(user={"token": TOKEN, **field}))
    assert f"users[].user.{next(iter(field))}: is refused; allowed: token, client-certificate-data" in said


def test_of_several_the_first_by_name_is_told() -> None:
    several = dict.fromkeys(("username", "password", "exec", "tokenFile", "as"), "x")
    assert "users[].user.as: is refused" in refused(kubeconfig(user=several))


def test_of_a_cluster_what_changes_nothing_is_not_shown_as_allowed() -> None:
    told = refused(kubeconfig({"proxy-url": "http://127.0.0.1:3128"}))
    assert told.partition("is refused; ")[2] == (
        "allowed: server, certificate-authority-data, tls-server-name, each with its content in place"
    )


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ({"certificate-authority": "/etc/ca.crt"}, "clusters[].cluster.certificate-authority: is refused; allowed:"),
        ({"proxy-url": "http://127.0.0.1:3128"}, "clusters[].cluster.proxy-url: is refused"),
        ({"insecure-skip-tls-verify": True}, "insecure-skip-tls-verify: must be false"),
        ({"insecure-skip-tls-verify": "no"}, "insecure-skip-tls-verify: must be false"),
        ({"server": "http://10.4.0.1"}, "clusters[].cluster.server: is no https URL"),
        ({"server": "https://user:pass@10.4.0.1"}, "clusters[].cluster.server: is no https URL"),
        ({"server": "https://[::1"}, "clusters[].cluster.server: is no https URL"),
        ({"server": "https://a:99999"}, "clusters[].cluster.server: is no https URL"),
        ({"server": "https://a/?x=1"}, "clusters[].cluster.server: is no https URL"),
        ({"server": 5}, "clusters[].cluster.server: is missing"),
        ({"certificate-authority-data": "!!"}, "certificate-authority-data: is no base64 of PEM"),
        ({"certificate-authority-data": None}, "certificate-authority-data: is missing"),
        ({"tls-server-name": "a b"}, "tls-server-name: is no host name"),
    ],
)
def test_what_is_wrong_with_a_cluster_is_said(field: dict[str, Any], said: str) -> None:
    assert said in refused(kubeconfig(field))


@pytest.mark.parametrize(
    ("user", "said"),
    [
        ({}, "users[].user: is empty"),
        ({"token": ""}, "users[].user.token: is missing"),
        ({"token": "a\r\nHost: b"}, "users[].user.token: has characters that no token has"),
        ({"client-certificate-data": PEM}, "users[].user.client-key-data: is missing"),
    ],
)
def test_what_is_wrong_with_a_user_is_said(user: dict[str, Any], said: str) -> None:
    assert said in refused(kubeconfig(user=user))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "is missing; a kubeconfig is allowed"),
        (b"", "is no mapping"),
        (b"[1]", "is no mapping"),
        (b"{token: " + TOKEN.encode(), "is no YAML"),
        (b"a: &a [1]\nb: *a\n", "has aliases"),
        (b"\xff\xfe\x00", "is no"),
        (b"x" * 70_000, "is too long"),
        (b"{5: 6}", "is no mapping"),
        (b"current-context: x", "contexts: has none of the name"),
    ],
)
def test_what_is_no_kubeconfig_is_said(text: bytes | None, said: str) -> None:
    assert said in refused(text)


@pytest.mark.parametrize("more", [{"contexts": 5}, {"contexts": [5]}, {"clusters": [{"name": "west", "cluster": 5}]}])
def test_shapes_that_nobody_writes(more: dict[str, Any]) -> None:
    refused(kubeconfig(**more))
