import pytest
import yaml

from gatewayd.manifests.yaml_errors import worded


def refused(text: str) -> str:
    with pytest.raises(yaml.MarkedYAMLError) as error:
        yaml.load(text, Loader=yaml.CSafeLoader)
    return worded(text, error.value)


@pytest.mark.parametrize("text", ["a:\n\tb: 1\n", "a:\n  b: 1\n\tc: 2\n", "a:\n - b\n \t- c\n"])
def test_a_tab_is_called_a_tab(text: str) -> None:
    assert refused(text) == "a tab indents this line; YAML indents with spaces only"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("spec:\n  a: []\n   b: []\n", "this line is indented by 3 spaces, what it belongs to (a: []) by 2 spaces"),
        ("spec:\n  a: 1\n b: 2\n", "this line is indented by 1 space, what it belongs to (spec:) by 0 spaces"),
    ],
)
def test_a_line_that_stands_askew(text: str, message: str) -> None:
    assert refused(text) == message


def test_what_is_not_about_indentation_is_the_parsers_word() -> None:
    assert refused("a: [1\n").startswith("not valid YAML: while parsing a flow sequence")
    assert refused("a: *b\n").startswith("not valid YAML: ")
