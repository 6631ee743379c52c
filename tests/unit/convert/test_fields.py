from gatewayd.convert.fates import Fate, Fidelity
from gatewayd.convert.fields import Fields, closing


def read(value: object) -> tuple[Fields, list[Fate]]:
    fates: list[Fate] = []
    return Fields(value, "spec", fates), fates


def test_values_of_each_type() -> None:
    fields, fates = read({
        "t": "a", "n": 1, "x": 1.5, "b": True, "ts": ["a"], "ns": [1], "p": {"k": "v"},
        "o": {"t": "in"}, "m": [{"t": "first"}], "named": {"one": {"t": "1"}}, "none": None,
    })  # fmt: skip
    assert (fields.text("t"), fields.number("n"), fields.amount("x"), fields.boolean("b")) == ("a", 1, 1.5, True)
    assert (fields.texts("ts"), fields.numbers("ns"), fields.pairs("p")) == (("a",), (1,), {"k": "v"})
    assert (fields.one("o").text("t"), fields.many("m")[0].text("t")) == ("in", "first")
    assert {name: each.text("t") for name, each in fields.named("named").items()} == {"one": "1"}
    assert ("none" in fields, "t" in fields, bool(fields.one("nothing"))) == (False, True, False)
    fields.end()
    assert fates == []


def test_what_is_of_another_type_is_lost_and_may_have_protected() -> None:
    fields, fates = read(
        {"t": 1, "n": "1", "x": "1", "b": "yes", "ts": "a", "ns": ["1"], "p": {"k": 1}, "o": 1, "m": {}}
    )
    assert (fields.text("t"), fields.number("n"), fields.amount("x"), fields.boolean("b")) == ("", 0, 0, False)
    assert (fields.texts("ts"), fields.numbers("ns"), fields.pairs("p")) == ((), (), {})
    assert (fields.one("o").names(), fields.many("m")) == ((), ())
    assert all(fate.opens for fate in fates)
    assert [fate.path for fate in fates] == [f"spec.{name}" for name in ("t", "n", "x", "b", "ts", "ns", "p", "o", "m")]


def test_what_nobody_has_asked_for_is_told_once() -> None:
    fields, fates = read({"known": {"more": 1}, "speed": 1, "authPolicy": {}, "passed": 1})
    fields.one("known")
    fields.ignore("passed")
    fields.end()
    fields.end()
    assert [(fate.path, fate.opens) for fate in fates] == [
        ("spec.known.more", False),
        ("spec.speed", False),
        ("spec.authPolicy", True),
    ]


def test_what_becomes_of_fields() -> None:
    fields, fates = read({"a": 1, "b": 1, "c": 1, "d": 1})
    fields.exact("a", "there")
    fields.approximate("b", "nearly")
    fields.manual("c", "do it")
    fields.lost_if_written({"d": "gone", "e": "gone"})
    fields.end()
    assert [fate.fidelity for fate in fates] == [
        Fidelity.EXACT,
        Fidelity.APPROXIMATE,
        Fidelity.MANUAL,
        Fidelity.LOST,
    ]


def test_what_closes_a_part() -> None:
    def lost(path: str) -> Fate:
        return Fate(path=path, fidelity=Fidelity.LOST, message="", protects=True)

    fates = [lost("spec.http[0].match"), lost("spec.http[1].auth"), lost("spec.secure"), lost("spec.http[10]")]
    assert closing(fates, "spec.http[1]", "spec.http") == ("spec.http[1].auth", "spec.secure")


def test_what_is_passed_over_can_be_read_all_the_same() -> None:
    fields, fates = read({"m": [{"t": "a"}], "o": {"t": "b"}})
    fields.ignore("m", "o")
    assert (fields.many("m")[0].text("t"), fields.one("o").text("t")) == ("a", "b")
    fields.end()
    assert fates == []
