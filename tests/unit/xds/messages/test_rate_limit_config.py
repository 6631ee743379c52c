from dataclasses import replace

from gatewayd.ir.global_limits import LimitDomain, LimitUnit
from gatewayd.rpc import rate_limit_config_pb2 as pb
from gatewayd.xds.encoding import type_url
from gatewayd.xds.messages.rate_limit_config import rate_limit_config
from tests.unit.xds.filters.test_global_limits import LIMIT


def test_a_limit_for_all_stands_at_its_name() -> None:
    found = rate_limit_config(LimitDomain(name="shop/fair", limits=(replace(LIMIT, is_shadow=True),)))
    assert (found.name, found.domain) == ("shop/fair", "shop/fair")
    (only,) = found.descriptors
    assert (only.key, only.value, only.shadow_mode) == ("limit", "all", True)
    assert (only.rate_limit.requests_per_unit, only.rate_limit.unit) == (5, pb.HOUR)


def test_a_limit_for_each_of_something_stands_at_the_end_of_a_path() -> None:
    limit = replace(LIMIT, per_route=True, per_client=True, headers=("x-user",), claims=("sub",), unit=LimitUnit.DAY)
    level = rate_limit_config(LimitDomain(name="shop/fair", limits=(limit,)))
    path = []
    while level.descriptors:
        (level,) = level.descriptors
        path.append((level.key, level.value, level.HasField("rate_limit")))
    assert path == [
        ("limit", "all", False),
        ("route", "", False),
        ("remote_address", "", False),
        ("header(x-user)", "", False),
        ("claim(sub)", "", True),
    ]
    assert level.rate_limit.unit == pb.DAY


def test_the_message_is_called_as_services_ask_for_it() -> None:
    assert type_url(pb.RateLimitConfig()) == "type.googleapis.com/ratelimit.config.ratelimit.v3.RateLimitConfig"
