import pytest

from gatewayd.api.inherited import PolicySection
from gatewayd.api.meta import ObjectKey
from gatewayd.api.routepolicy import DirectResponseSection, Headers, PolicyHeaderModifier
from gatewayd.ir.filters import HeaderChanges, RequestHeaders, ResponseHeaders
from gatewayd.ir.http import DirectResponse
from gatewayd.translator.policies.effective import NOTHING, Effective, Ruled, ScopedTarget
from gatewayd.translator.protocols import GATEWAY_KIND
from gatewayd.translator.proxies.policy_filters import direct_response, message_problems, with_headers
from tests.unit.api.documents import accepted
from tests.unit.policies import policy, target

GW = ScopedTarget(GATEWAY_KIND, ObjectKey("shop", "gw"), "")
OWN = RequestHeaders(changes=HeaderChanges(set=(), add=(), remove=("x-own",)))


def ruled(name: str, section: PolicySection) -> tuple[Ruled, ...]:
    return (Ruled(name, section, ObjectKey("shop", "p"), GW),)


def removing(*names: str) -> tuple[Ruled, ...]:
    return ruled(
        "headers", Headers(request=PolicyHeaderModifier(remove=names), response=PolicyHeaderModifier(remove=names))
    )


def test_defaults_stand_before_the_rule_and_overrides_after_it() -> None:
    found = with_headers((OWN,), Effective(overrides=removing("x-last"), defaults=removing("x-first")))
    assert [(type(each), each.changes.remove) for each in found if not isinstance(each, tuple)] == [  # type: ignore[union-attr]
        (RequestHeaders, ("x-first",)),
        (ResponseHeaders, ("x-first",)),
        (RequestHeaders, ("x-own",)),
        (RequestHeaders, ("x-last",)),
        (ResponseHeaders, ("x-last",)),
    ]
    own = (OWN,)
    assert with_headers(own, NOTHING) is own


def test_what_nobody_may_change_is_left_out_and_said() -> None:
    assert with_headers((), Effective(overrides=removing("content-length"), defaults=())) == ()
    odd = {"headers": {"request": {"remove": ["Content-Length"]}}}
    row = accepted(policy("RoutePolicy", "p", target("Gateway", "gw"), default=odd))
    (problem,) = message_problems(row)
    assert problem.startswith("spec.default.headers.request.remove[0]: header ")


@pytest.mark.parametrize(
    ("section", "expected"),
    [
        (DirectResponseSection(), DirectResponse(status=503)),
        (
            DirectResponseSection(status=418, body="tea", content_type="text/plain"),
            DirectResponse(status=418, body="tea", content_type="text/plain"),
        ),
        (DirectResponseSection(mode="Disabled"), None),
    ],
)
def test_direct_response(section: PolicySection, expected: DirectResponse | None) -> None:
    assert direct_response(Effective(overrides=(), defaults=ruled("direct_response", section))) == expected
    assert direct_response(NOTHING) is None


def test_a_body_that_envoy_would_refuse_is_left_out_and_said() -> None:
    body = "ü" * 4096
    long = ruled("direct_response", DirectResponseSection(body=body))
    assert direct_response(Effective(overrides=(), defaults=long)) is None
    odd = {"directResponse": {"body": body}}
    row = accepted(policy("RoutePolicy", "p", target("Gateway", "gw"), override=odd))
    assert list(message_problems(row)) == [
        "spec.override.directResponse.body: has 8192 bytes; at most 4096 are allowed"
    ]
