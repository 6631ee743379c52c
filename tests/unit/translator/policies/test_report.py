from typing import Any

from gatewayd.ir.access_log import EVERYTHING, USUAL_FIELDS, Logged, LoggedHeader
from gatewayd.translator.policies.report import log_ruling
from tests.unit.policies import policy, target
from tests.unit.translator.manifests import GATEWAY, GW, delta, scratch

EDGE = target("Gateway", "gw")
CLASS = target("GatewayClass", "gatewayd")


def logged(*documents: dict[str, Any]) -> Logged | None:
    ruling = log_ruling(scratch(GATEWAY, *map(delta, documents)), GW)
    return EVERYTHING if ruling is None else ruling.logged


def log(**section: object) -> dict[str, Any]:
    return {"accessLog": section}


def from_status(status: int) -> Logged:
    return Logged(fields=USUAL_FIELDS, least_status=status, least_milliseconds=0)


def test_without_a_policy_the_parameters_count() -> None:
    assert logged() == EVERYTHING
    assert logged(policy("RoutePolicy", "a", EDGE, default={"timeouts": {"request": "1s"}})) == EVERYTHING
    assert logged(policy("ReportPolicy", "a", target("Gateway", "other"), default=log(minStatus=500))) == EVERYTHING


def test_what_a_policy_says() -> None:
    headers = [{"name": "X-Debug", "values": ["1"]}]
    section = log(fields=["usual", "query"], minStatus=500, minDuration="1s", withHeaders=headers)
    assert logged(policy("ReportPolicy", "a", EDGE, default=section)) == Logged(
        fields=(*USUAL_FIELDS, "query"),
        least_status=500,
        least_milliseconds=1000,
        headers=(LoggedHeader(name="x-debug", values=("1",)),),
    )
    assert logged(policy("ReportPolicy", "a", EDGE, default=log(write="Nothing"))) is None


def test_a_gateway_replaces_the_default_of_its_class_and_not_its_override() -> None:
    near = policy("ReportPolicy", "near", EDGE, default=log(minStatus=500))
    for strategy, wanted in (("default", from_status(500)), ("override", from_status(400))):
        wide = policy("ReportPolicy", "wide", CLASS, namespace="gatewayd-system", **{strategy: log(minStatus=400)})
        assert logged(wide, near) == wanted


def test_disabled_leads_back_to_the_parameters() -> None:
    wide = policy("ReportPolicy", "wide", CLASS, namespace="gatewayd-system", default=log(minStatus=400))
    assert logged(wide, policy("ReportPolicy", "near", EDGE, default=log(mode="Disabled"))) == EVERYTHING
