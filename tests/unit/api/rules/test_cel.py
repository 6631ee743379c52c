from gatewayd.api.rules.cel import has_each, holds_some


def test_fields_that_are_set_or_not() -> None:
    assert has_each("self", ("a", "b"), " || ") == "has(self.a) || has(self.b)"
    assert has_each("self", ("a",), " && ", "!") == "!has(self.a)"


def test_an_empty_list_is_none() -> None:
    assert holds_some("a") == "(has(self.a) && size(self.a) > 0)"
