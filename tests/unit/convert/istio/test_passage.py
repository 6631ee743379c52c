from typing import Any

import pytest

from gatewayd.convert.fates import Fate, Fidelity
from gatewayd.convert.fields import Fields
from gatewayd.convert.istio.destinations import Whither
from gatewayd.convert.istio.passage import cors, fault, headers, host_of, mirrors, percentage, times
from tests.unit.convert.ingresses import converted, rules
from tests.unit.convert.istio_objects import gateway, virtual_service

WHITHER = Whither(namespace="shop", routes_in="shop", services={}, subsets={})
ONE = {"host": "one", "port": {"number": 80}}


def fields(written: dict[str, Any]) -> tuple[Fields, list[Fate]]:
    fates: list[Fate] = []
    return Fields(written, "rule", fates), fates


def test_time_outs_and_retries() -> None:
    retries = {"attempts": 20, "perTryTimeout": "500ms", "retryOn": "5xx,reset,429", "backoff": "25ms"}
    own, fates = fields({"timeout": "1.5s", "retries": retries})
    assert times(own) == {
        "timeouts": {"request": "1500ms", "backendRequest": "500ms"},
        "retry": {"attempts": 10, "codes": [500, 502, 503, 504, 429], "backoff": "25ms"},
    }
    assert {fate.path for fate in fates} == {"rule.retries.attempts", "rule.retries.retryOn"}


def test_a_try_is_no_longer_than_all() -> None:
    assert times(fields({"timeout": "1s", "retries": {"attempts": 1, "perTryTimeout": "2s"}})[0])["timeouts"] == {
        "request": "1s"
    }
    own, fates = fields({"timeout": "soon"})
    assert (times(own), fates[0].fidelity) == ({}, Fidelity.LOST)


def test_faults() -> None:
    own = {"delay": {"fixedDelay": "2s", "percentage": {"value": 0.5}}, "abort": {"httpStatus": 503, "percent": 10}}
    read, fates = fields(own)
    assert fault(read) == {
        "fault": {"delay": {"duration": "2s", "percent": 1}, "abort": {"status": 503, "percent": 10}}
    }
    assert [fate.fidelity for fate in fates] == [Fidelity.APPROXIMATE]
    assert fault(fields({"abort": {"httpStatus": 503}})[0])["fault"]["abort"]["percent"] == 100
    assert fault(fields({"abort": {"httpStatus": 503, "percentage": {"value": 0}}})[0]) == {}


@pytest.mark.parametrize(("more", "opens"), [({}, True), ({"percentage": {"value": 10}}, False)])
def test_an_abort_of_all_requests_has_kept_them_out(more: dict[str, Any], opens: bool) -> None:  # noqa: FBT001
    read, fates = fields({"abort": {"grpcStatus": "UNAVAILABLE", **more}})
    assert (fault(read), [fate.opens for fate in fates]) == ({}, [opens])


def test_copies() -> None:
    own = {
        "mirror": ONE, "mirrorPercentage": {"value": 12.5},
        "mirrors": [{"destination": ONE}, {"destination": ONE, "percentage": {"value": 50}}],
    }  # fmt: skip
    shares = [
        {key: value for key, value in each["requestMirror"].items() if key != "backendRef"}
        for each in mirrors(fields(own)[0], WHITHER)
    ]
    assert shares == [{"fraction": {"numerator": 12_500, "denominator": 100_000}}, {}, {"percent": 50}]


def test_a_share_of_the_old_form() -> None:
    assert percentage(fields({"mirror_percent": 20})[0], "mirrorPercentage", "mirror_percent") == 20
    assert percentage(fields({})[0], "mirrorPercentage") == 100


def test_headers_and_the_host() -> None:
    read, fates = fields({
        "request": {"set": {"x-a": "1%%", "Host": "in.example", "x-peer": "%DOWNSTREAM%"}, "remove": ["x-b"]},
        "response": {"add": {"x-c": "2"}},
    })  # fmt: skip
    request, response = headers(read)
    assert request["requestHeaderModifier"] == {"set": [{"name": "x-a", "value": "1%"}], "remove": ["x-b"]}
    assert response["responseHeaderModifier"] == {"add": [{"name": "x-c", "value": "2"}]}
    assert (host_of(read), [fate.path for fate in fates]) == ("in.example", ["rule.request.set.x-peer"])


def test_other_origins() -> None:
    read, fates = fields({
        "allowOrigins": [{"exact": "https://a.example"}, {"regex": "https://.*"}],
        "allowMethods": ["GET", "QUERY"], "allowHeaders": ["x-a"], "exposeHeaders": ["x-b"],
        "maxAge": "24h", "allowCredentials": True,
    })  # fmt: skip
    [done] = cors(read)
    assert done["cors"] == {
        "allowOrigins": ["https://a.example"], "allowCredentials": True, "allowMethods": ["GET"],
        "allowHeaders": ["x-a"], "exposeHeaders": ["x-b"], "maxAge": 86_400,
    }  # fmt: skip
    assert [fate.path for fate in fates] == ["rule.allowOrigins[1]"]


def test_credentials_are_not_for_every_origin() -> None:
    [done] = cors(fields({"allowOrigins": [{"regex": ".*"}], "allowCredentials": True})[0])
    assert done["cors"] == {"allowOrigins": ["*"]}
    assert cors(fields({})[0]) == ()


def test_the_host_of_one_backend_is_told_to_it() -> None:
    to = {"destination": {"host": "one", "port": {"number": 80}}, "headers": {"request": {"set": {"Host": "in.Test"}}}}
    other = {"destination": {"host": "two", "port": {"number": 80}}}
    told = {
        "type": "RequestHeaderModifier",
        "requestHeaderModifier": {"set": [{"name": "Host", "value": "in.test"}]},
    }
    alone = rules(converted(gateway(), virtual_service({"route": [to]})))["root"]
    assert alone["filters"] == [told]
    shared = rules(converted(gateway(), virtual_service({"route": [{**to, "weight": 1}, {**other, "weight": 1}]})))
    assert shared["root"]["backendRefs"][0]["filters"] == [told]
    assert "filters" not in shared["root"]["backendRefs"][1]
