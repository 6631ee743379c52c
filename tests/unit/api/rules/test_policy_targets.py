import pytest

from gatewayd.api.backendpolicy import BackendTargetRef
from gatewayd.api.inherited import InheritedTargetRef
from gatewayd.api.rules.policy_targets import TARGETS, group_of_kind, section_of_kind, target_named


@pytest.mark.parametrize(
    ("kind", "group"),
    [
        ("Namespace", ""),
        ("Service", ""),
        ("ServiceImport", "multicluster.x-k8s.io"),
        ("XBackend", "gateway.networking.x-k8s.io"),
        ("Gateway", "gateway.networking.k8s.io"),
    ],
)
def test_each_kind_is_of_one_group(kind: str, group: str) -> None:
    assert list(group_of_kind(BackendTargetRef(group=group, kind=kind, name="a"))) == []  # type: ignore[arg-type]
    (problem,) = group_of_kind(BackendTargetRef(group="x.example", kind=kind, name="a"))  # type: ignore[arg-type]
    assert problem.message == f'must be "{group}" for kind {kind}'


def test_who_may_have_no_name() -> None:
    assert list(target_named(InheritedTargetRef(group="", kind="Namespace"))) == []
    assert [each.path for each in target_named(InheritedTargetRef(group="", kind="Gateway"))] == ["name"]


def test_who_has_sections() -> None:
    for kind in ("Service", "ServiceImport"):
        assert list(section_of_kind(BackendTargetRef(group="", kind=kind, name="a", section_name="p"))) == []  # type: ignore[arg-type]
    for ref in (
        BackendTargetRef(group="", kind="XBackend", name="a", section_name="p"),
        InheritedTargetRef(group="", kind="Namespace", name="a", section_name="p"),
    ):
        assert [each.path for each in section_of_kind(ref)] == ["sectionName"]


def test_the_kinds_stand_in_the_rules_of_the_crds() -> None:
    group, _, section = TARGETS[BackendTargetRef]
    assert "self.kind == 'ServiceImport' ? 'multicluster.x-k8s.io' : " in group.cel
    assert group.cel.endswith("'gateway.networking.k8s.io')")
    assert section.cel == "!has(self.sectionName) || self.kind in ['Service', 'ServiceImport']"
