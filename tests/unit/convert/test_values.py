from gatewayd.convert.values import items, mapping, number, text, texts, unread


def test_what_is_of_another_type_is_empty() -> None:
    assert (mapping([1]), items({"a": 1}), text(1), texts("a"), number("1", 7)) == ({}, (), "", (), 7)
    assert number(True, 7) == 7


def test_what_is_of_the_type_is_itself() -> None:
    assert (mapping({1: 2}), items([{"a": 1}, 3]), texts(["a", 1])) == ({"1": 2}, ({"a": 1}, {}), ("a",))


def test_what_nobody_reads_is_lost() -> None:
    assert [fate.path for fate in unread({"a": 1, "b": 2}, ("a",), "spec")] == ["spec.b"]
