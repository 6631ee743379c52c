import json

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from gatewayd.manifests.yaml_value import Flaw, Limits, Value, plain_scalar, read_yaml

LIMITS = Limits(file_bytes=10_000, depth=8, values=200)


def value_of(text: str) -> object:
    result = read_yaml(text, LIMITS)
    assert isinstance(result, Value), result
    return result.value


def flaw_of(text: str) -> Flaw:
    result = read_yaml(text, LIMITS)
    assert isinstance(result, Flaw), result
    return result


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("on", True),
        ("No", False),
        ("y", "y"),
        ("null", None),
        ("~", None),
        ("10:20", "10:20"),
        ("2024-01-01", "2024-01-01"),
        ("0x1f", 31),
        ("0777", 511),
        ("0o17", 15),
        ("089", 89.0),
        ("1_000", 1000),
        ("-7", -7),
        ("1e3", 1000.0),
        ("1e999", "1e999"),
        (".5", 0.5),
        (".inf", ".inf"),
        ("1.2.3", "1.2.3"),
        ("9" * 30, float("9" * 30)),
        ("9" * 5000, "9" * 5000),
        ("-", "-"),
        ("+", "+"),
    ],
)
def test_plain_scalars_mean_what_they_mean_to_kubectl(text: str, meaning: object) -> None:
    assert plain_scalar(text) == meaning
    assert type(plain_scalar(text)) is type(meaning)


def test_quotes_and_the_tags_of_text_keep_text() -> None:
    assert value_of("['on', \"1\", !!str 1, ! 2, !!int '3', !!bool yes]") == ["on", "1", "1", "2", 3, True]


def test_tags_that_fit_are_harmless() -> None:
    text = "{a: !!int '1', b: !!float 1, c: !!bool 'on', d: !!null '', e: !!map {f: !!seq [!!str 1]}, !!str 2: ! 3}"
    assert value_of(text) == {"a": 1, "b": 1, "c": True, "d": None, "e": {"f": ["1"]}, "2": "3"}


def test_keys_are_the_text_as_written() -> None:
    assert value_of("{on: 1, 1: 2, ~: 3, 2024-01-01: 4}") == {"on": 1, "1": 2, "~": 3, "2024-01-01": 4}


def test_a_block_scalar_keeps_its_lines() -> None:
    assert value_of("a: |\n  b\n  c\n") == {"a": "b\nc\n"}


def test_merge_keys_bring_in_what_is_not_there() -> None:
    text = "- &a {x: 1, y: 1}\n- &b {y: 2, z: 2}\n- {<<: [*a, *b], x: 0}\n- {'<<': 1}\n"
    assert value_of(text) == [{"x": 1, "y": 1}, {"y": 2, "z": 2}, {"x": 0, "y": 1, "z": 2}, {"<<": 1}]


def test_aliases_share_values() -> None:
    assert value_of("{a: &x {b: c}, d: *x, e: &k key, *k : f}") == {
        "a": {"b": "c"},
        "d": {"b": "c"},
        "e": "key",
        "key": "f",
    }


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n", "---\n# nothing\n...\n"])
def test_a_document_of_comments_is_nothing_or_null(text: str) -> None:
    result = read_yaml(text, LIMITS)
    assert result is None or (isinstance(result, Value) and result.value in (None, ""))


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("a: 1\nb: 2\na: 3\n", 2, 'key "a" stands twice in one mapping'),
        ("a: 1\nb: [\n", 2, "not valid YAML: while parsing a flow node, did not find expected node content"),
        ("a: *b\n", 0, "alias *b has no anchor before it"),
        ("a: &a\n- *a\n", 1, "alias *a stands inside what it names"),
        ("? [a]\n: b\n", 0, "a key is a mapping or a list; only text is allowed"),
        ("- &a [x]\n- {*a : b}\n", 1, "a key is no text; only text is allowed"),
        ("a: !!binary aGk=\n", 0, "tag tag:yaml.org,2002:binary is not allowed; manifests need no tags"),
        ("a: !x {b: c}\n", 0, "tag !x is not allowed; manifests need no tags"),
        ("a: 1\nb: !!bool x\n", 1, '"x" is no !!bool, as its tag says; manifests need no tags'),
        ("a: !!int ''\n", 0, '"" is no !!int, as its tag says; manifests need no tags'),
        ("a: !!float ''\n", 0, '"" is no !!float, as its tag says; manifests need no tags'),
        ("- !!int 1.5\n", 0, '"1.5" is no !!int, as its tag says; manifests need no tags'),
        ("- !!null x\n", 0, '"x" is no !!null, as its tag says; manifests need no tags'),
        ("a: !!timestamp x\n", 0, "tag tag:yaml.org,2002:timestamp is not allowed; manifests need no tags"),
        ("a: !!set {b}\n", 0, "tag tag:yaml.org,2002:set is not allowed; manifests need no tags"),
        ("a: !!map x\n", 0, "tag tag:yaml.org,2002:map is not allowed; manifests need no tags"),
        ("a: !!int {b: c}\n", 0, "tag tag:yaml.org,2002:int is not allowed; manifests need no tags"),
        ("a: !!seq {b: c}\n", 0, "tag tag:yaml.org,2002:seq is not allowed; manifests need no tags"),
        ("!!bool x: y\n", 0, '"x" is no !!bool, as its tag says; manifests need no tags'),
        (
            "a: !!python/object/apply:os.system [id]\n",
            0,
            "tag tag:yaml.org,2002:python/object/apply:os.system is not allowed; manifests need no tags",
        ),
        (
            "a: 1\nb: !<%ED%A0%80> x\n",
            1,
            "not valid YAML: 'utf-8' codec can't decode byte 0xed in position 0: invalid continuation byte",
        ),
        ("{<<: 3}\n", 0, "<< takes a mapping or a list of mappings"),
        ("[[[[[[[[[x]]]]]]]]]\n", 0, "nested deeper than 8 levels"),
        ("a: b\n--- \nc: d\n", 1, "a second document begins without a line of ---"),
        ("a:\n\t- b\n", 1, "a tab indents this line; YAML indents with spaces only"),
    ],
)
def test_flaws_name_their_line(text: str, line: int, message: str) -> None:
    assert flaw_of(text) == Flaw(line=line, message=message)


def test_an_alias_bomb_is_refused_where_it_grows_too_large() -> None:
    lines = ["a0: &a0 [x, x, x, x]", *(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}, *a{n - 1}]" for n in range(1, 40))]
    flaw = flaw_of("\n".join(lines))
    assert flaw.message == "more than 200 values, counted with every alias written out"
    assert flaw.line == 3


def test_a_merge_bomb_is_refused() -> None:
    lines = ["- &a0 {k0: v}", *(f"- &a{n} {{<<: *a{n - 1}, k{n}: v}}" for n in range(1, 60))]
    assert flaw_of("\n".join(lines)).message == "more than 200 values, counted with every alias written out"


def test_a_chain_of_aliases_counts_as_nesting() -> None:
    lines = ["- &a0 [x]", *(f"- &a{n} [*a{n - 1}]" for n in range(1, 20))]
    assert flaw_of("\n".join(lines)).message == "nested deeper than 8 levels"


def test_the_count_is_that_of_the_value_written_out() -> None:
    result = read_yaml("{a: &x [1, 2], b: *x}", LIMITS)
    assert isinstance(result, Value)
    assert result.count == len(["{", "a", "[", "1", "2", "b", "[", "1", "2"])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.text(st.characters(codec="ascii"), max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc ", max_size=4), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=150)
@given(JSON)
def test_what_others_write_is_read_back(value: object) -> None:
    wide = Limits(file_bytes=10_000, depth=64, values=10_000)
    for text in (json.dumps(value), json.dumps(value, indent=1)):
        result = read_yaml(text, wide)
        assert isinstance(result, Value)
        assert result.value == value


@settings(max_examples=300)
@given(st.text(st.sampled_from("a0 :-[]{}\n\t#&*!|>'\"%@`,?<.\\~\u00e9\x85"), max_size=60))
def test_it_never_raises_and_stays_within_limits(text: str) -> None:
    result = read_yaml(text, LIMITS)
    if isinstance(result, Value):
        assert result.count <= LIMITS.values
    elif isinstance(result, Flaw):
        assert 0 <= result.line <= len(text) + 1


@settings(max_examples=100)
@given(st.text(st.sampled_from("ab :-[]{}\n"), max_size=40))
def test_structure_is_that_of_the_reference_loader(text: str) -> None:
    ours = read_yaml(text, LIMITS)
    if isinstance(ours, Value):
        assert _without_null(ours.value) == yaml.load(text, Loader=yaml.CBaseLoader)  # noqa: S506 (makes text alone)


def _without_null(value: object) -> object:
    if isinstance(value, dict):
        return {key: _without_null(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_null(item) for item in value]
    return "" if value is None else value


def test_an_alias_counts_and_stands_as_deep_as_what_it_names() -> None:
    assert value_of("- &a x\n- [[[[[[[*a]]]]]]]\n") == ["x", [[[[[[["x"]]]]]]]]
    assert value_of("- &a [x]\n- [[[[[[*a]]]]]]\n") == [["x"], [[[[[[["x"]]]]]]]]
    assert flaw_of("- &a [x]\n- [[[[[[[*a]]]]]]]\n").message == "nested deeper than 8 levels"
    for text, count in (("[&a x, *a]", 3), ("[&a [x, y], *a]", 7)):
        found = read_yaml(text, LIMITS)
        assert isinstance(found, Value)
        assert found.count == count
