import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatewayd.manifests.documents import LIMITS, MOST_DOCUMENTS, FileProblem, Parsed, parse_file, printable

ROUTE = b"""\
# a comment
kind: HTTPRoute
metadata:
  name: shop
  labels: {a.b/c: d}
spec:
  hostnames:
  - a.example
  -
    b.example
  rules:
  - matches: [{path: {value: /a}},
              {path: {value: /b}}]
"""


def parse(data: bytes, file: str = "x.yaml") -> Parsed:
    return parse_file(file, data)


def printed(data: bytes, file: str = "x.yaml") -> list[str]:
    return [str(problem) for problem in parse(data, file).problems]


def names(parsed: Parsed) -> list[tuple[object, int]]:
    return [(document.value.get("kind"), document.place.line) for document in parsed.documents]


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("", 2),
        ("metadata.name", 4),
        ("metadata.labels.a", 5),
        ('metadata.labels["a.b/c"]', 5),
        ("spec.hostnames[0]", 8),
        ("spec.hostnames[1]", 10),
        ("spec.hostnames[2]", 7),
        ("spec.rules[0].matches[1].path.value", 13),
        ("spec.rules[0].matches[1].headers[0]", 13),
        ("spec.rules[1].matches", 11),
        ("spec.parentRefs", 6),
        ("no.such[3].field", 2),
        ("spec.hostnames.name", 7),
        ("....[[", 2),
    ],
)
def test_a_field_path_leads_to_the_line_of_the_nearest_node(path: str, line: int) -> None:
    (document,) = parse(ROUTE).documents
    assert document.place.line_of(path) == line
    second = parse(b"---\na: b\n---\n" + ROUTE).documents[1]
    assert second.place.line_of(path) == line + 3


def test_items_of_lists_have_their_own_lines_and_inherit_their_kind() -> None:
    data = (
        b"kind: List\nitems:\n- kind: A\n  spec:\n    x: 1\n- apiVersion: v2\n  kind: BList\n  items:\n  - {y: 1}\n"
        b"  - kind: C\n    apiVersion: v3\n"
    )
    parsed = parse(data)
    assert [(dict(document.value), document.place.line) for document in parsed.documents] == [
        ({"kind": "A", "spec": {"x": 1}}, 3),
        ({"apiVersion": "v2", "kind": "B", "y": 1}, 9),
        ({"apiVersion": "v3", "kind": "C"}, 10),
    ]
    assert parsed.documents[0].place.line_of("spec.x") == 5


def test_what_is_no_object_in_a_list_is_a_problem() -> None:
    assert printed(b"kind: List\nitems:\n- 3\n-\n- [a]\n- on\n- text\n- 1.5\n") == [
        "x.yaml:3: a number stands where an object with apiVersion and kind belongs",
        "x.yaml:4: nothing stands where an object with apiVersion and kind belongs",
        "x.yaml:5: a list stands where an object with apiVersion and kind belongs",
        "x.yaml:6: a boolean stands where an object with apiVersion and kind belongs",
        "x.yaml:7: a text stands where an object with apiVersion and kind belongs",
        "x.yaml:8: a number stands where an object with apiVersion and kind belongs",
    ]
    assert printed(b"kind: List\nitems: 3\n") == [
        "x.yaml:2: a number stands where an object with apiVersion and kind belongs"
    ]
    empty = parse(b"kind: List\nitems:\n---\nkind: RouteList\n")
    assert (empty.documents, empty.problems) == ((), ())


def test_a_flawed_document_holds_back_itself_alone() -> None:
    parsed = parse(
        b"kind: A\n---\nkind: [\n---\nkind: B\n--- # c\nkind: C\nkind: D\n...\n\n---\n# none\n---\nkind: E\n"
    )
    assert names(parsed) == [("A", 1), ("B", 5), ("E", 14)]
    assert [(problem.line, problem.message) for problem in parsed.problems] == [
        (4, "not valid YAML: while parsing a flow node, did not find expected node content"),
        (8, 'key "kind" stands twice in one mapping'),
    ]


@pytest.mark.parametrize(
    ("data", "kinds"),
    [
        (b"", []),
        (b"---", []),
        (b"---\n---\n...\n", []),
        (b"--- {kind: A}\n--- {kind: B}", ["A", "B"]),
        (b"%YAML 1.1\n---\nkind: A\n...\n# c\n%TAG ! !x\n---\nkind: B\n", ["A", "B"]),
        (b"kind: A\r\n---\r\nkind: B\r\n", ["A", "B"]),
        (b"\xef\xbb\xbfkind: A\n---\n\xef\xbb\xbfkind: B\n", ["A", "B"]),
        (b"kind: A\nx: |\n  ---\n  text\n ---\n---x: 1\n", None),
        (b"kind: A\nx: |\n  ---\n  text\n", ["A"]),
        (b"kind: A\n---x: B\n", ["A"]),
        (b'{"kind": "A"}\n{"kind": "B"}', ["A", "B"]),
        (b"{kind: A}\n---\n{kind: B}", ["A", "B"]),
        (b"null\n---\nkind: A\n", ["A"]),
    ],
)
def test_separators(data: bytes, kinds: list[str] | None) -> None:
    parsed = parse(data)
    if kinds is None:
        assert parsed.problems
    else:
        assert [document.value["kind"] for document in parsed.documents] == kinds
        assert parsed.problems == ()


def test_json_files_are_strict_json() -> None:
    assert names(parse(b'{"kind": "A"}\n\n{"kind": "B"}', "x.json")) == [("A", 1), ("B", 3)]
    assert printed(b"kind: A\n", "x.json") == ["x.json:1: not valid JSON: expecting value"]
    assert printed(b"[1]", "x.json") == ["x.json:1: a list stands where an object with apiVersion and kind belongs"]
    document = parse(b'{}{"a":\n{"b":\n1}}', "x.json").documents[1]
    assert document.place.line_of("a.b") == 2


def test_a_json_text_that_yaml_cannot_place_has_its_first_line() -> None:
    (document,) = parse(b'\n{"a": "\\ud83d\\ude00",\n"b": 1}', "x.json").documents
    assert document.place.line_of("b") == 2


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"a: b\nc: \xff\n", "x.yaml:2: not valid UTF-8: byte 0xff; only UTF-8 is allowed"),
        ("a: ä\n".encode("utf-16"), "x.yaml:1: not valid UTF-8: byte 0xff; only UTF-8 is allowed"),
        (b"a: b\n\nc: \x1b[2J\n", "x.yaml:3: control character U+001B is not allowed"),
        (b"a: \x00", "x.yaml:1: control character U+0000 is not allowed"),
        (
            b"x" * (LIMITS.file_bytes + 1),
            f"x.yaml:1: the file is too long; at most {LIMITS.file_bytes} bytes are allowed",
        ),
    ],
)
def test_bytes_that_are_no_text(data: bytes, problem: str) -> None:
    assert printed(data) == [problem]


def test_bad_bytes_hold_back_their_own_document() -> None:
    parsed = parse(b"kind: A\n---\nx: \xff\n---\nkind: B\n")
    assert names(parsed) == [("A", 1), ("B", 5)]
    assert parsed.problems[0].line == 3


def test_bad_bytes_in_json_hold_back_the_file() -> None:
    assert printed(b'{"a": "\xff"}', "x.json") == ["x.json:1: not valid UTF-8: byte 0xff; only UTF-8 is allowed"]


@pytest.mark.parametrize("file", ["x.yaml", "x.json"])
def test_the_number_of_documents_is_limited(file: str) -> None:
    data = (b"{}" if file == "x.json" else b"---\n") * (MOST_DOCUMENTS + 2)
    assert [problem.message for problem in parse(data, file).problems] == [
        f"more than {MOST_DOCUMENTS} documents in one file; the rest is not read"
    ]


BOMBS = {
    "aliases": b"a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n"
    + b"".join(b"a%d: &a%d [%s]\n" % (n, n, b",".join([b"*a%d" % (n - 1)] * 10)) for n in range(1, 12)),
    "brackets": b"[" * 1_000_000,
    "dashes": b"- " * 1_000_000,
    "questions": b"? " * 1_000_000,
    "braces": b'{"a":' * 300_000,
    "chain": b"a0: &a0 [x]\n" + b"".join(b"a%d: &a%d [*a%d]\n" % (n, n, n - 1) for n in range(1, 10_000)),
    "number": b"a: " + b"9" * 1_000_000,
    "spaces": b" " * 2_000_000,
    "quote": b'"' + b"a\n" * 500_000,
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_bombs_are_answered_quickly(bomb: str) -> None:
    began = time.process_time()
    parsed = parse(BOMBS[bomb])
    assert time.process_time() - began < 2
    assert parsed.documents == () or bomb == "number"


def test_problems_print_without_moving_the_cursor() -> None:
    problem = FileProblem(file="a\nb.yaml", line=3, message="key \x1b[31m\u202e\ud800 x")
    assert str(problem) == "a\\nb.yaml:3: key \\x1b[31m\\u202e\\ud800 x"
    assert printable("grün 日本") == "grün 日本"


PIECES = (
    *(b"---\n", b"...\n", b"kind: A\n", b"kind: List\n", b"items:\n", b"- ", b"  ", b"{", b"}", b"[", b"]", b"\t"),
    *(b"&a ", b"*a ", b"<<: ", b"!!x ", b'"', b"'", b"\xff", b"\x00", b"\n", b"|\n", b"%YAML 1.1\n", b"\r", b": "),
    *(b"\xef\xbb\xbf", b"\xc2\x85", b"\xe2\x80\xa8", b"# c\n", b"? ", b"1", b",", b"\\ud800"),
)


@settings(max_examples=300)
@given(st.lists(st.sampled_from(PIECES), max_size=30).map(b"".join), st.sampled_from(["x.yaml", "x.json"]))
def test_it_never_raises_and_every_place_is_in_the_file(data: bytes, file: str) -> None:
    parsed = parse(data, file)
    lines = len(data) + 2
    for document in parsed.documents:
        assert 1 <= document.place.line <= lines
        assert 1 <= document.place.line_of("items[0].kind") <= lines
    for problem in parsed.problems:
        assert 1 <= problem.line <= lines


@settings(max_examples=200)
@given(st.binary(max_size=80))
def test_any_bytes_are_an_answer(data: bytes) -> None:
    parse(data)
