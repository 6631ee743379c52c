from typing import Any

import pytest

from gatewayd.api.globallimits import GlobalLimit, GlobalLimitsSection, LimitCost
from tests.unit.api.documents import Document, accepted, problems
from tests.unit.policies import policy, target

EDGE = target("Gateway", "edge")
LIMITS = "spec.default.globalLimits.limits"


def limited(*limits: dict[str, Any], **more: Any) -> Document:
    return policy("RoutePolicy", "x", EDGE, default={"globalLimits": {"limits": [*limits], **more}})


def limit(**more: Any) -> dict[str, Any]:
    return {"name": "all", "requests": 1, "unit": "Hour", **more}


def test_what_can_be_said() -> None:
    row = accepted(
        limited(
            limit(perClient=True, perHeaders=["x-user"], perClaims=["sub"], perRoute=True, shadow=True),
            limit(name="cost", unit="Day", cost={"request": 0, "responseHeader": "x-cost"}),
            whenUnavailable="Deny",
            tellClients=True,
        )
    )
    assert row.spec.default.global_limits == GlobalLimitsSection(
        limits=(
            GlobalLimit(
                name="all",
                requests=1,
                unit="Hour",
                per_client=True,
                per_headers=("x-user",),
                per_claims=("sub",),
                per_route=True,
                shadow=True,
            ),
            GlobalLimit(name="cost", requests=1, unit="Day", cost=LimitCost(request=0, response_header="x-cost")),
        ),
        when_unavailable="Deny",
        tell_clients=True,
    )


@pytest.mark.parametrize(
    ("document", "path"),
    [
        (limited(limit(name="All")), f"{LIMITS}[0].name"),
        (limited(limit(name="a*")), f"{LIMITS}[0].name"),
        (limited(limit(unit="Week")), f"{LIMITS}[0].unit"),
        (limited(limit(requests=0)), f"{LIMITS}[0].requests"),
        (limited(limit(), limit(unit="Day")), f"{LIMITS}[1]"),
        (limited(limit(perHeaders=["a", "a"])), f"{LIMITS}[0].perHeaders[1]"),
        (limited(limit(cost={"request": -1})), f"{LIMITS}[0].cost.request"),
        (limited(limit(), whenUnavailable="Perhaps"), "spec.default.globalLimits.whenUnavailable"),
    ],
)
def test_what_is_wrong_is_said_with_its_path(document: Document, path: str) -> None:
    (problem,) = problems(document)
    assert problem.startswith(f"{path}: ")
