from gatewayd.cli.yaml_text import dumped


def test_plain_text_stays_plain_and_keeps_its_line() -> None:
    assert dumped({"a": ["grün", "x " * 100]}) == f"a:\n- grün\n- '{'x ' * 100}'\n"


def test_what_is_not_printable_stands_in_double_quotes() -> None:
    assert dumped(["a\u202eb", "::error::", "one\ntwo"]) == '- "a\u202eb"\n- "::error::"\n- "one\\ntwo"\n'
