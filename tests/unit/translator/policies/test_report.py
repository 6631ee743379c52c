from typing import Any

from gatewayd.api.httproute import HTTPRoute
from gatewayd.api.meta import ObjectKey
from gatewayd.ir.access_log import EVERYTHING, USUAL_FIELDS, Logged, LoggedHeader
from gatewayd.ir.http import UNREPORTED, RouteReport
from gatewayd.translator.policies.effective import NAMESPACE_KIND, ScopedTarget
from gatewayd.translator.policies.report import log_ruling, report, told_of_route
from gatewayd.translator.protocols import GATEWAY_KIND, group_kind
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


WEB = target("HTTPRoute", "web")
RULE = (
    ScopedTarget(GATEWAY_KIND, GW, ""),
    ScopedTarget(NAMESPACE_KIND, ObjectKey("", "shop"), ""),
    ScopedTarget(group_kind(HTTPRoute), ObjectKey("shop", "web"), ""),
)


def of_web(*documents: dict[str, Any]) -> RouteReport:
    return report(told_of_route(scratch(*map(delta, documents)), RULE))


def rate(numerator: int, denominator: int = 100) -> dict[str, Any]:
    return {"sampling": {"rate": {"numerator": numerator, "denominator": denominator}}}


def test_nothing_is_told_of_routes_unless_somebody_says_so() -> None:
    assert of_web() == of_web(policy("ReportPolicy", "a", EDGE, default=log(minStatus=500))) == UNREPORTED


def test_what_is_told_of_a_route() -> None:
    few = policy("ReportPolicy", "few", target("Namespace"), default=rate(1, 1_000_000))
    assert of_web(few) == RouteReport(sampled=1, counted=False)
    assert of_web(few, policy("ReportPolicy", "own", WEB, default={**rate(5), "metrics": {}})) == RouteReport(
        sampled=500, counted=True
    )
    assert of_web(few, policy("ReportPolicy", "own", WEB, default={"sampling": {"mode": "Disabled"}})) == UNREPORTED
