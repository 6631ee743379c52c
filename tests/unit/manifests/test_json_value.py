import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatewayd.manifests.json_value import JsonText, read_json_stream
from gatewayd.manifests.yaml_value import Flaw, Limits

LIMITS = Limits(file_bytes=10_000, depth=4, values=50)


def read(text: str) -> list[JsonText | Flaw]:
    return list(read_json_stream(text, LIMITS))


def test_a_stream_is_placed_text_by_text() -> None:
    assert read('\n{"a": 1}\n\n[\n2] 3') == [
        JsonText(value={"a": 1}, line=1, text='{"a": 1}'),
        JsonText(value=[2], line=3, text="[\n2]"),
        JsonText(value=3, line=4, text="3"),
    ]


@pytest.mark.parametrize("text", ["", " \n\t"])
def test_blank_text_holds_nothing(text: str) -> None:
    assert read(text) == []


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ('{"a": 1,\n"b": }', 1, "not valid JSON: expecting value"),
        ('\n{"a": 1,\n"a": 2}', 2, 'key "a" stands twice in one mapping'),
        ("[NaN]", 0, "NaN is no JSON number"),
        ("[-Infinity]", 0, "-Infinity is no JSON number"),
        ("[1e999]", 0, "a number is too large"),
        ("9" * 401, 0, "a number is too long"),
        ('"\\ud800"', 0, "half of a surrogate pair is not allowed"),
        ('{"\\udc00\\ud800": 1}', 0, "half of a surrogate pair is not allowed"),
        ("[[[[[1]]]]]", 0, "nested deeper than 4 levels"),
        ("[" * 40 + "]" * 40, 0, "nested deeper than 4 levels"),
        ("[" + "1," * 60 + "1]", 0, "more than 50 values"),
    ],
)
def test_flaws_name_their_line(text: str, line: int, message: str) -> None:
    assert read(text) == [Flaw(line=line, message=message)]


def test_a_nesting_that_overflows_the_decoder_is_a_flaw() -> None:
    deep = Limits(file_bytes=10_000_000, depth=64, values=10_000_000)
    assert list(read_json_stream("[" * 200_000, deep)) == [Flaw(line=0, message="nested deeper than 64 levels")]


def test_what_stands_before_a_flaw_is_read() -> None:
    assert read("{}\n{]") == [
        JsonText(value={}, line=0, text="{}"),
        Flaw(line=1, message="not valid JSON: expecting property name enclosed in double quotes"),
    ]


def test_pairs_of_surrogates_and_large_integers_are_numbers_and_text() -> None:
    assert [part.value for part in read('"\\ud83d\\ude00" 123456789012345678901') if isinstance(part, JsonText)] == [
        "\U0001f600",
        1.2345678901234568e20,
    ]


@settings(max_examples=200)
@given(st.text(st.sampled_from('a1e-.{}[]:,"\\u \ntrue'), max_size=40))
def test_it_agrees_with_the_standard_library_or_is_stricter(text: str) -> None:
    result = read(text)
    if len(result) == 1 and isinstance(result[0], JsonText):
        assert json.loads(text) == result[0].value
