"""A golden that Envoy would refuse cannot be committed: a real Envoy reads every one of them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gatewayd.ir.http import RouteDiscovery
from tests.golden.cases import CASES, Case
from tests.golden.static_config import Json, static_config
from tests.golden.validate import only, validated

pytestmark = pytest.mark.envoy


@pytest.mark.parametrize("discovery", RouteDiscovery)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_envoy_accepts(case: Case, discovery: RouteDiscovery, tmp_path: Path) -> None:
    found = validated(static_config(only(case, discovery), str(tmp_path)), tmp_path)
    assert found.returncode == 0, found.stderr + found.stdout


def test_envoy_would_refuse(tmp_path: Path) -> None:
    """Guard the test itself: filter chains are really looked at."""
    config = static_config(only(Case(area="tls", name="terminate")), str(tmp_path))
    chains = next(each["filter_chains"] for each in config["static_resources"]["listeners"] if "443" in each["name"])
    chains[0]["filter_chain_match"] = chains[1]["filter_chain_match"]
    found = validated(config, tmp_path)
    assert found.returncode != 0
    assert "same matching rules" in found.stderr + found.stdout


def test_envoy_would_refuse_the_routes_of_a_host(tmp_path: Path) -> None:
    config = static_config(only(Case(area="http", name="_defaults"), RouteDiscovery.PER_HOST), str(tmp_path))
    scope = next(scopes(config))
    scope["route_configuration"]["virtual_hosts"] *= 2
    found = validated(config, tmp_path)
    assert found.returncode != 0
    assert "Only unique" in found.stderr + found.stdout


def scopes(config: Json) -> Iterator[Json]:
    for listener in config["static_resources"]["listeners"]:
        for chain in (*listener.get("filter_chains", ()), *filter(None, (listener.get("default_filter_chain"),))):
            for each in chain["filters"]:
                found = each["typed_config"].get("scoped_routes", {}).get("scoped_route_configurations_list", {})
                yield from found.get("scoped_route_configurations", ())
