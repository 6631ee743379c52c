"""Whatever stands in the files of a folder, reading it raises nothing and the next good file is served."""

import contextlib
import io
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatewayd.api.httproute import HTTPRoute
from gatewayd.api.meta import ObjectKey
from gatewayd.cli.main import run
from gatewayd.manifests.folder import Folder
from gatewayd.manifests.read_once import parse
from gatewayd.offline.translation import translate
from gatewayd.run.clock import time_now

GOOD = b"apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: good}\nspec: {hostnames: [HOST]}\n"
TAGS = (
    *("!!bool ", "!!int ", "!!float ", "!!null ", "!!str ", "!!timestamp ", "!!binary ", "!!set ", "!!omap ", "!!map "),
    *(
        "!!seq ",
        "!!merge ",
        "!!value ",
        "!!yaml ",
        "!!python/object:a.b ",
        "!!python/name:os.system ",
        "! ",
        "!x ",
        "!<",
    ),
    *("!<%ED%A0%80> ", "!%C0%80 ", "!e!x ", "!!%FF ", "%TAG ! tag:%ED%A0%80\n---\n", "%YAML 1.2\n---\n", "!<tag:a>"),
)
VALUES = (
    "''",
    '""',
    "x",
    "1",
    "-",
    ".",
    "+.inf",
    ".nan",
    "0x",
    "0b_",
    "1_",
    "1e999",
    "1:20",
    "2024-01-01",
    "=",
    "<<",
    "~",
)
PIECES = (
    *("apiVersion: gateway.networking.k8s.io/v1\n", "kind: HTTPRoute\n", "kind: Gateway\n", "kind: List\nitems:\n"),
    *("metadata: {name: a}\n", "metadata: ", "name: ", "spec:\n", "  rules:\n", "  - ", "hostnames: [", "]", "{", "}"),
    *(
        "---\n",
        "...\n",
        "&a ",
        "*a ",
        "? ",
        ": ",
        ", ",
        "\n",
        "\t",
        "|\n",
        ">-\n ",
        "'",
        '"',
        "#",
        "\u2028",
        "\ufeff",
        "\\ud800",
    ),
)
TEXTS = st.lists(st.one_of(st.sampled_from((*PIECES, *TAGS, *VALUES)), st.text(max_size=3)), max_size=14).map("".join)
DATA = st.one_of(TEXTS.map(lambda text: text.encode("utf-8", "surrogatepass")), st.binary(max_size=40))
NAMES = st.sampled_from(("a.yaml", "a.yml", "a.json"))


def good(host: str) -> bytes:
    return GOOD.replace(b"HOST", host.encode())


@settings(max_examples=600)
@given(name=NAMES, data=DATA, second=DATA)
def test_the_next_good_file_is_served(name: str, data: bytes, second: bytes) -> None:
    folder = Folder()
    folder.step({name: data, "z.yaml": good("one.example")})
    step = folder.step({name: second, "z.yaml": good("two.example")})
    served = [each.obj for each in step.deltas if each.key == ObjectKey("default", "good")]
    assert [each.spec.hostnames for each in served if isinstance(each, HTTPRoute)] == [("two.example",)]
    lines = len(second.decode("utf-8", "replace").splitlines())
    assert all(each.file == name and 1 <= each.line <= lines + 2 for each in step.problems)


@settings(max_examples=300)
@given(
    tag=st.sampled_from([each for each in TAGS if "\n" not in each]),
    value=st.sampled_from((*VALUES, "[]", "{}", "[a]", "{a: b}")),
)
def test_a_tag_reads_well_or_is_a_message_with_its_line(tag: str, value: str) -> None:
    text = f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\ndata:\n  a: {tag}{value}\n"
    found = parse({"a.yaml": text.encode()})
    assert [each.line for each in found.problems] in ([], [5])
    if "python" in tag or "timestamp" in tag or "binary" in tag:
        assert found.problems


@settings(max_examples=300)
@given(data=DATA)
def test_whatever_was_read_is_translated(data: bytes) -> None:
    found = translate(parse({"a.yaml": data, "z.yaml": good("one.example")}), time_now())
    assert not any("Error:" in each.message for each in found.findings)


@settings(max_examples=100)
@given(data=DATA)
def test_a_check_ends_with_a_verdict(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "a.yaml").write_bytes(data)
        with (
            contextlib.redirect_stdout(io.StringIO()) as out,
            contextlib.redirect_stderr(io.StringIO()) as err,
            pytest.raises(SystemExit) as ended,
        ):
            run(["check", folder])
    assert ended.value.code in (0, 1)
    assert out.getvalue()
    assert not err.getvalue()
