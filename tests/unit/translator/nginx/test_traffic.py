from typing import Any

import pytest

from gatewayd.convert.fates import Fidelity
from tests.unit.convert.ingresses import converted, fates, ingress, objects

EXACT, NEARLY, LOST = Fidelity.EXACT, Fidelity.APPROXIMATE, Fidelity.LOST


def policy(kind: str = "RoutePolicy", name: str = "shop/shop", **annotations: str) -> Any:
    written = objects(converted(ingress(**annotations)), kind)
    return written[name]["spec"]["default"] if written else None


@pytest.mark.parametrize(("size", "most"), [("8m", 8 * 1024**2), ("10K", 10_240), ("500", 500)])
def test_sizes_are_binary(size: str, most: int) -> None:
    assert policy(proxy_body_size=size) == {"body": {"maxBytes": most}}


@pytest.mark.parametrize(("size", "fate"), [("0", EXACT), ("1g", LOST), ("big", EXACT)])
def test_sizes_that_are_no_limit_here(size: str, fate: Fidelity) -> None:
    done = converted(ingress(proxy_body_size=size))
    assert objects(done, "RoutePolicy") == {}
    assert fates(done) == {"proxy-body-size": fate}


def test_silence_is_no_limit_of_the_whole_request() -> None:
    assert policy(proxy_read_timeout="3600", proxy_send_timeout="10") == {"timeouts": {"streamIdle": "3600s"}}
    assert policy(proxy_send_timeout="10") == {"timeouts": {"streamIdle": "60s"}}


def test_a_time_with_a_unit_was_passed_over() -> None:
    done = converted(ingress(proxy_read_timeout="3600s", proxy_send_timeout="5"))
    assert objects(done, "RoutePolicy")["shop/shop"]["spec"]["default"] == {"timeouts": {"streamIdle": "60s"}}
    assert fates(done) == {"proxy-read-timeout": EXACT, "proxy-send-timeout": NEARLY}


def test_the_time_to_connect_is_the_services() -> None:
    assert policy("BackendPolicy", "shop/web", proxy_connect_timeout="3") == {"connection": {"connectTimeout": "3s"}}
    assert policy("BackendPolicy", "shop/web", proxy_connect_timeout="3s") is None


def test_how_often_a_client_may_come() -> None:
    assert policy(limit_rps="10", limit_rpm="100", limit_burst_multiplier="2") == {
        "rateLimit": {
            "limits": [
                {"requests": 10, "unit": "Second", "burst": 20, "perClient": True},
                {"requests": 100, "unit": "Minute", "burst": 200, "perClient": True},
            ]
        }
    }


def test_what_else_limits_is_lost() -> None:
    done = converted(ingress(limit_connections="5", limit_whitelist="10.0.0.0/8", limit_rps="0"))
    assert fates(done) == {"limit-connections": LOST, "limit-whitelist": LOST, "limit-rps": EXACT}
