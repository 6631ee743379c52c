import pytest

from gatewayd.ir.backend import Cluster, Resolved
from gatewayd.ir.fleet import GatewayFleet
from gatewayd.manifests.read_once import parse
from gatewayd.offline.translation import Translation, translate
from gatewayd.scaffold.single_backend import BackendTarget, BadTargetError, manifests, target
from tests.unit.example import NOON


def written(url: str) -> Translation:
    return translate(parse({name: text.encode() for name, text in manifests(target(url), 8080).items()}), NOON)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://127.0.0.1:3000", BackendTarget(host="127.0.0.1", address="127.0.0.1", port=3000, tls=False)),
        ("localhost:3000", BackendTarget(host="localhost", address="127.0.0.1", port=3000, tls=False)),
        ("http://[::1]:3000/", BackendTarget(host="::1", address="::1", port=3000, tls=False)),
        ("http://Api.Example", BackendTarget(host="api.example", address=None, port=80, tls=False)),
        ("https://localhost:8443", BackendTarget(host="localhost", address="127.0.0.1", port=8443, tls=True)),
        ("https://api.example", BackendTarget(host="api.example", address=None, port=443, tls=True)),
    ],
)
def test_urls(url: str, expected: BackendTarget) -> None:
    assert target(url) == expected


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("ftp://a", "no URL of a backend"),
        ("http://", "no URL of a backend"),
        ("http://a:0", "no URL of a backend"),
        ("http://a:99999", "port out of range"),
        ("http://a/path", "more than a host and a port"),
        ("http://a?b", "more than a host and a port"),
        ("http://u@a", "more than a host and a port"),
        ("http://a_b", "no host name"),
        ("https://127.0.0.1", "no name that a certificate could be for"),
        ("http://[::1", "invalid ipv6"),
    ],
)
def test_bad_urls(url: str, reason: str) -> None:
    with pytest.raises(BadTargetError, match=reason):
        target(url)


@pytest.mark.parametrize(
    ("url", "endpoint"),
    [
        ("http://127.0.0.1:3000", "127.0.0.1:3000"),
        ("http://[::1]:3000", "::1:3000"),
        ("http://api.example", "api.example:80"),
        ("https://api.example:8443", "api.example:8443"),
    ],
)
def test_what_is_written_is_good_and_leads_there(url: str, endpoint: str) -> None:
    found = written(url)

    assert found.findings == ()
    (cluster,) = found.reconciler.configs[GatewayFleet(namespace="default", name="web")].clusters
    assert (cluster.tls is not None) == url.startswith("https")
    assert address(cluster) == endpoint


def address(cluster: Cluster) -> str:
    endpoints = cluster.endpoints
    if isinstance(endpoints, Resolved):
        return f"{endpoints.hostname}:{endpoints.port}"
    (only,) = endpoints.endpoints
    return f"{only.address}:{only.port}"
