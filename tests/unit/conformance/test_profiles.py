"""What a report of the suite says, in figures, and what each part of the suite claims."""

import pytest

from conformance.harness import crds
from conformance.profiles import GATEWAY, MESH, PARTS, Figures, figures, lost
from gatewayd.translator.features import MESH_FEATURES

HTTP = {
    "name": "MESH-HTTP",
    "core": {"statistics": {"Passed": 6, "Failed": 0, "Skipped": 1}},
    "extended": {"statistics": {"Passed": 5, "Failed": 2, "Skipped": 0}, "supportedFeatures": ["a", "b"]},
}
GRPC = {"name": "MESH-GRPC", "core": {"statistics": {"Passed": 3, "Failed": 0, "Skipped": 0}}}
"""A profile no test of which is of an extended feature."""


def test_figures_are_those_of_the_report() -> None:
    assert figures(HTTP) == Figures(6, 5, 2)
    assert figures(GRPC) == Figures(3, 0, 0)


def test_what_did_not_pass_is_lost() -> None:
    assert (lost(HTTP), lost(GRPC)) == (3, 0)


@pytest.mark.parametrize("release", sorted(crds.SUMS))
@pytest.mark.parametrize("part", PARTS)
def test_each_part_has_ceilings_for_each_release(part: str, release: str) -> None:
    assert ",".join(PARTS[part].ceilings[release]) == PARTS[part].profiles


def test_the_mesh_claims_what_an_xmesh_claims() -> None:
    assert set(MESH_FEATURES) <= set(PARTS[MESH].features.split(","))


def test_reports_of_the_parts_have_names_of_their_own() -> None:
    assert PARTS[MESH].mode != PARTS[GATEWAY].mode
