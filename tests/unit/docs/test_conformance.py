"""What the README says of conformance is what the committed reports say, and that nothing is short."""

import pytest

from conformance.harness import crds
from conformance.profiles import GATEWAY, MESH, PARTS, figures, lost
from conformance.summary import block, release, report, table
from gatewayd.translator.features import MESH_FEATURES, SUPPORTED_FEATURES


def test_the_readme_shows_the_reports() -> None:
    assert table() in block(), "stale: run `python -m conformance.summary`"
    assert f"conformance, {release()}, " in block()


@pytest.mark.parametrize("part", PARTS)
def test_the_report_is_of_the_newest_release_and_full(part: str) -> None:
    found, ceilings = report(part), PARTS[part].ceilings[crds.NEWEST]
    assert (found["gatewayAPIVersion"], found["mode"]) == (crds.NEWEST, PARTS[part].mode)
    assert {profile["name"]: figures(profile) for profile in found["profiles"]} == ceilings
    for profile in found["profiles"]:
        assert lost(profile) == 0
        assert profile["core"]["result"] == "success"
        extended = profile.get("extended", {"result": "success"})
        assert extended["result"] == "success"
        assert "unsupportedFeatures" not in extended


@pytest.mark.parametrize(("part", "claimed"), [(GATEWAY, SUPPORTED_FEATURES), (MESH, MESH_FEATURES)])
def test_what_the_report_shows_is_what_is_claimed(part: str, claimed: tuple[str, ...]) -> None:
    profiles = report(part)["profiles"]
    shown = {feature for profile in profiles for feature in profile.get("extended", {}).get("supportedFeatures", ())}
    assert shown <= set(claimed)
