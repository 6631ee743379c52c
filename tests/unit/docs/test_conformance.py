"""What the README says of conformance is what the committed report says, and that nothing is short."""

import yaml

from conformance.harness import crds
from conformance.profiles import GATEWAY, PARTS, figures
from conformance.summary import block, release, report, table
from gatewayd.translator.features import SUPPORTED_FEATURES


def test_the_readme_shows_the_report() -> None:
    assert table() in block(), "stale: run `python -m conformance.summary`"
    assert f"conformance, {release()}, " in block()


def test_the_report_is_of_the_newest_release_and_full() -> None:
    assert release() == crds.NEWEST
    for profile in yaml.safe_load(report().read_text(encoding="utf-8"))["profiles"]:
        core, extended = profile["core"], profile["extended"]
        assert (core["result"], extended["result"]) == ("success", "success")
        assert "unsupportedFeatures" not in extended
        assert figures(profile) == PARTS[GATEWAY].ceilings[crds.NEWEST][profile["name"]]


def test_what_the_report_shows_is_what_the_class_claims() -> None:
    profiles = yaml.safe_load(report().read_text(encoding="utf-8"))["profiles"]
    shown = {feature for profile in profiles for feature in profile["extended"]["supportedFeatures"]}
    assert shown <= set(SUPPORTED_FEATURES)
