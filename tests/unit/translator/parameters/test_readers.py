import pytest

from gatewayd.translator.parameters.readers import LONGEST, Wrong, of_yaml, read_yaml


@pytest.mark.parametrize(("text", "why"), [("[", "not YAML"), ("a" * (LONGEST + 1), "at most 4096 are allowed")])
def test_what_is_no_yaml_does_not_come_to_the_reader(text: str, why: str) -> None:
    wrong = of_yaml(lambda _: pytest.fail("is read"))(text)
    assert isinstance(wrong, Wrong)
    assert why in wrong.why
    assert read_yaml(text) == wrong


def test_what_yaml_says_is_read() -> None:
    assert of_yaml(repr)("{a: [1, on]}") == "{'a': [1, True]}"
