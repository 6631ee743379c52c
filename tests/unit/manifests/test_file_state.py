import os

import pytest

from gatewayd.api.meta import ObjectKey
from gatewayd.manifests import file_state
from gatewayd.manifests.admission import Identity
from gatewayd.manifests.documents import LIMITS
from gatewayd.manifests.file_state import NOTHING, Absence, FileState, UnreadableFile, next_state
from gatewayd.manifests.yaml_value import Limits

SHOP = Identity("HTTPRoute", ObjectKey("default", "shop"))
CART = Identity("HTTPRoute", ObjectKey("default", "cart"))


def route(name: str, host: str = "a.example") -> bytes:
    return (
        f"---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\n"
        f"metadata: {{name: {name}}}\nspec:\n  hostnames: [{host}]\n"
    ).encode()


def read(data: bytes, before: FileState = NOTHING) -> FileState:
    state = next_state("a.yaml", before, data)
    assert state is not None
    return state


def test_a_file_holds_its_objects() -> None:
    state = read(route("shop") + route("cart"))
    assert list(state.entries) == [SHOP, CART]
    assert (state.problems, state.ignored, state.missing) == ((), (), False)
    assert str(state.entries[CART].place) == "a.yaml:8"


def test_text_that_has_not_changed_is_not_read_again_but_its_place_is_new() -> None:
    before = read(route("shop") + route("cart"))
    after = read(b"# one\n# two\n" + route("cart") + route("shop", "b.example"), before)
    assert after.entries[CART].obj is before.entries[CART].obj
    assert after.entries[SHOP].obj is not before.entries[SHOP].obj
    assert str(after.entries[CART].place) == "a.yaml:4"
    assert after.entries[CART].place.line_of("spec.hostnames[0]") == 8


def test_text_with_a_flaw_is_read_again_each_time() -> None:
    bad = route("shop", "'*.*'")
    before = read(route("shop") + route("cart"))
    flawed = read(bad + route("cart"), before)
    again = read(b"# moved\n" + bad + route("cart"), flawed)
    assert [problem.line for problem in flawed.problems] == [6]
    assert [problem.line for problem in again.problems] == [7]
    assert again.entries[SHOP] == before.entries[SHOP]


def test_the_limit_on_values_is_that_of_the_whole_file(monkeypatch: pytest.MonkeyPatch) -> None:
    one = read(route("shop"))
    (section,) = one.read.values()
    tight = Limits(file_bytes=LIMITS.file_bytes, depth=LIMITS.depth, values=section.values * 2 - 1)
    monkeypatch.setattr(file_state, "LIMITS", tight)
    for before in (NOTHING, one, read(route("cart"))):
        state = read(route("shop") + route("cart"), before)
        assert [problem.line for problem in state.problems] == [12]
        assert state.problems[0].message.startswith(f"more than {section.values - 1} values")


def test_absence_and_what_cannot_be_read() -> None:
    before = read(route("shop"))
    assert next_state("a.yaml", before, Absence.GONE) is None
    missing = next_state("a.yaml", before, Absence.MISSING)
    assert missing is not None
    assert (missing.missing, missing.entries) == (True, before.entries)
    unreadable = next_state("a.yaml", missing, UnreadableFile(reason="permission denied"))
    assert unreadable is not None
    assert (unreadable.missing, unreadable.entries) == (False, before.entries)
    assert [str(problem) for problem in unreadable.problems] == [
        "a.yaml:1: cannot be read: permission denied; still serving the last good version of HTTPRoute default/shop"
    ]
    assert read(route("shop"), unreadable).problems == ()


def test_a_failure_of_ours_is_that_files_trouble(monkeypatch: pytest.MonkeyPatch) -> None:
    before = read(route("shop"))

    def fails(*_arguments: object) -> None:
        raise LookupError("of\n")

    monkeypatch.setattr(file_state, "admit", fails)
    after = read(route("cart"), before)
    assert after.entries == before.entries
    assert [str(problem) for problem in after.problems] == [
        r"a.yaml:1: cannot be read: LookupError: of\n; still serving the last good version of HTTPRoute default/shop"
    ]


def test_a_name_that_is_no_utf_8_is_told_by_its_bytes() -> None:
    state = next_state(os.fsdecode(b"\xff.yaml"), NOTHING, b"kind: A\nmetadata: {name: a}\n" + route("shop"))
    assert state is not None
    assert [problem.file for problem in state.problems] == [r"\xff.yaml"]
    assert state.entries[SHOP].place.file == r"\xff.yaml"
