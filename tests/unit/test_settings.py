from pathlib import Path

import pytest

from gatewayd.ir.http import RouteDiscovery
from gatewayd.settings import Settings, SettingsError, api_server, from_environment, pods_listen_at, read


def test_an_empty_environment_leaves_everything_to_the_caller() -> None:
    assert read({"XDG_RUNTIME_DIR": ""}) == Settings(
        runtime=None, cache=None, envoy=None, log_level=None, log_format=None, route_discovery=None
    )


def test_what_is_set_is_read() -> None:
    found = read({
        "XDG_RUNTIME_DIR": "/run/user/1",
        "HOME": "/home/ann",
        "GATEWAYD_ENVOY": "/opt/envoy",
        "GATEWAYD_LOG_LEVEL": "DEBUG",
        "GATEWAYD_LOG_FORMAT": "json",
        "GATEWAYD_ROUTE_DISCOVERY": "host",
    })  # fmt: skip

    assert found == Settings(
        runtime=Path("/run/user/1"),
        cache=Path("/home/ann/.cache"),
        envoy=Path("/opt/envoy"),
        log_level="debug",
        log_format="json",
        route_discovery=RouteDiscovery.PER_HOST,
    )


def test_a_value_that_means_nothing_is_an_error() -> None:
    with pytest.raises(SettingsError, match=r"^GATEWAYD_LOG_LEVEL: 'loud' is not known; allowed: debug, info"):
        read({"GATEWAYD_LOG_LEVEL": "loud"})


def test_the_environment_of_the_process_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAYD_ENVOY", "/opt/envoy")

    assert from_environment().envoy == Path("/opt/envoy")


@pytest.mark.parametrize(
    ("host", "port", "address"),
    [
        ("10.0.0.1", "443", "10.0.0.1:443"),
        ("fd00::1", "6443", "[fd00::1]:6443"),
        ("10.0.0.1", "", None),
        ("", "", None),
    ],
)
def test_a_pod_is_told_where_the_api_server_is(
    monkeypatch: pytest.MonkeyPatch, host: str, port: str, address: str | None
) -> None:
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", host)
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", port)
    assert api_server() == address


@pytest.mark.parametrize(("host", "address"), [("10.0.0.1", "0.0.0.0"), ("fd00::1", "::"), ("", "0.0.0.0")])
def test_pods_listen_at_the_family_of_services(monkeypatch: pytest.MonkeyPatch, host: str, address: str) -> None:
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", host)
    assert pods_listen_at() == address


def test_the_users_cache_may_be_elsewhere() -> None:
    assert read({"HOME": "/home/ann", "XDG_CACHE_HOME": "/tmp/cache"}).cache == Path("/tmp/cache")
