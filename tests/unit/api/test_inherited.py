from gatewayd.api.inherited import InheritedTargetRef, PolicySection
from gatewayd.api.meta import GroupKind


def test_a_target_says_its_kind() -> None:
    ref = InheritedTargetRef(group="", kind="Namespace")
    assert ref.group_kind == GroupKind("", "Namespace")
    assert (ref.name, ref.section_name) == (None, None)


def test_sections_are_enabled_unless_they_say_otherwise() -> None:
    assert not PolicySection().is_disabled
    assert PolicySection(mode="Disabled").is_disabled
