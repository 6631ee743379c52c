import json
import os

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from gatewayd.cli.yaml_text import dumped
from gatewayd.untrusted.printable import printable, printable_json, printable_yaml, shown_path

TEXTS = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from(
            "\x00\x07\x1b\n\r\x7f\x85\x9b\u200b\u200d\u202e\u2066\u2028\ufeff\u3164\ufe0f\U000e0041#[]:, -'\"%"
        ),
    )
)
WHOLE = settings(max_examples=500)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("grün 日本", "grün 日本"),
        ("a\x1b]0;title\x07b", r"a\x1b]0;title\x07b"),
        ("one\ntwo\r\x85\u2028\u2029", r"one\ntwo\r\x85\u2028\u2029"),
        ("\x9b31mred\x7f", r"\x9b31mred\x7f"),
        ("\u202egpj.exe\u2066\u200f\u061c", r"\u202egpj.exe\u2066\u200f\u061c"),
        ("pay\u200bpal\u00ad\ufeff\u2060", r"pay\u200bpal\xad\ufeff\u2060"),
        ("\u3164\u115f\ufe0f\U000e0041\U000e0101", r"\u3164\u115f\ufe0f\U000e0041\U000e0101"),
        ("\udcff\ud800", r"\xff\ud800"),
        ("::stop-commands::token", r"\x3a:stop-commands::token"),
        (" \t::error::x", r" \t::error::x"),
        ("  ::error::x", r"  \x3a:error::x"),
        ("a ##[error]x ##vso[task] ###[x] # [y]", r"a #\x23[error]x #\x23vso[task] ##\x23[x] # [y]"),
    ],
)
def test_what_would_be_obeyed_is_an_escape(text: str, shown: str) -> None:
    assert printable(text) == shown


@WHOLE
@given(TEXTS)
def test_any_text_is_one_harmless_line(text: str) -> None:
    line = printable(text)
    assert line.isprintable()
    assert printable(line) == line
    assert not line.lstrip().startswith("::")
    assert "##[" not in line
    line.encode("utf-8")


@WHOLE
@given(TEXTS)
def test_json_says_the_same_and_shows_nothing_else(text: str) -> None:
    line = printable_json({text: [text]})
    assert json.loads(line) == {text: [text]}
    assert line.isprintable()
    assert "##[" not in line
    line.encode("utf-8")


@WHOLE
@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_yaml_says_the_same_and_begins_no_line_with_it(text: str) -> None:
    shown = printable_yaml(dumped({"a": {text: [text, "x " * 200 + text]}}))
    assert yaml.load(shown, Loader=yaml.CSafeLoader) == {"a": {text: [text, "x " * 200 + text]}}
    assert all(line.isprintable() and not line.lstrip().startswith("::") for line in shown.split("\n"))
    assert "##[" not in shown


def test_a_name_that_is_no_utf_8_is_shown_by_its_bytes() -> None:
    assert shown_path(os.fsdecode(b"a\xff\n.yaml")) == "a\\xff\n.yaml"
