from gatewayd.api.rules.cel import has_each


def test_fields_that_are_set_or_not() -> None:
    assert has_each("self", ("a", "b"), " || ") == "has(self.a) || has(self.b)"
    assert has_each("self", ("a",), " && ", "!") == "!has(self.a)"
