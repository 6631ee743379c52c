from gatewayd.translator.rescues import blame


def test_the_object_is_named_and_what_was_read_is_not() -> None:
    said = blame("spec.rules[0]", KeyError("a secret"))
    assert said == "spec.rules[0]: gatewayd failed on this (KeyError); this is a bug in gatewayd"
