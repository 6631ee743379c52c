from typing import Annotated

from gatewayd.api.envoy_gateway.fields import (
    DIFFERS,
    REFUSED,
    Refused,
    TheirShape,
    TheirTargetRef,
    differs,
    every_field,
    marked,
    refused,
)
from gatewayd.api.meta import GroupKind


class Inner(TheirShape, frozen=True, kw_only=True):
    plain: int = 0
    odd: Annotated[int | None, differs("it is more", 1)] = None


class Outer(TheirShape, frozen=True, kw_only=True):
    inner: Inner | None = None
    several: tuple[Inner, ...] = ()
    gone: Annotated[Refused, refused("allowed: inner")] = None
    shut: Annotated[bool | None, refused("allowed: false", False)] = None


def told(value: Outer) -> list[tuple[str, str]]:
    return [(each.kind, str(each.problem)) for each in marked(value, "spec")]


def test_marked_fields_that_are_set_are_told_with_their_paths() -> None:
    value = Outer(inner=Inner(odd=2), several=(Inner(plain=3), Inner(odd=3)), gone={"odd": 5}, shut=True)
    assert told(value) == [
        (DIFFERS, "spec.inner.odd: it is more"),
        (DIFFERS, "spec.several[1].odd: it is more"),
        (REFUSED, "spec.gone: allowed: inner"),
        (REFUSED, "spec.shut: allowed: false"),
    ]


def test_what_asks_for_nothing_is_not_told() -> None:
    assert told(Outer(inner=Inner(odd=1), several=(Inner(),), shut=False)) == []


def test_every_field_is_listed_once_with_its_mark() -> None:
    found = {path: member.mark for path, member in every_field(Outer)}
    assert found == {
        "spec.inner": "",
        "spec.inner.plain": "",
        "spec.inner.odd": DIFFERS,
        "spec.several": "",
        "spec.several[].plain": "",
        "spec.several[].odd": DIFFERS,
        "spec.gone": REFUSED,
        "spec.shut": REFUSED,
    }


def test_a_target_says_which_kind_it_is() -> None:
    assert TheirTargetRef(group="g", kind="K", name="n").group_kind == GroupKind("g", "K")
