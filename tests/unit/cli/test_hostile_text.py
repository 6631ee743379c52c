"""Whatever objects and files are called and contain, no command writes anything that a terminal or a log would obey."""

import contextlib
import io
import json
import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from gatewayd.cli.main import run

NASTY = "\x00\x07\x1b\n\r\t\x7f\x85\x9b\u200b\u200d\u202e\u2066\u2028\ufeff\u3164\ufe0f\U000e0041#[]:,%/"
TEXTS = st.one_of(
    st.text(st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from(NASTY)), min_size=1, max_size=12),
    st.sampled_from((
        "K\n0 errors, 0 warnings",
        "\x1b]0;title\x07\x1b[2J",
        "\n::stop-commands::token\n::error::forged",
        "##[add-mask]x",
        "\u202egpj.exe",
    )),
)  # fmt: skip
NAMES = st.one_of(
    st.binary(min_size=1, max_size=12),
    TEXTS.map(str.encode),
    st.sampled_from(
        (b"a\xff", b"a\n::stop-commands::tok\n::error ", b"::error::x", b"\xed\xa0\x80\x1b[31m", b"a:b,c%0A")
    ),
)
FIELDS = (
    ("apiVersion",),
    ("kind",),
    ("metadata", "name"),
    ("metadata", "namespace"),
    ("metadata", "labels", "TEXT"),
    ("spec", "gatewayClassName"),
    ("spec", "TEXT"),
    ("spec", "listeners", 0, "name"),
    ("spec", "listeners", 0, "protocol"),
    ("spec", "listeners", 0, "hostname"),
    ("spec", "parentRefs", 0, "name"),
    ("spec", "parentRefs", 0, "sectionName"),
    ("spec", "hostnames", 0),
    ("spec", "rules", 0, "name"),
    ("spec", "rules", 0, "matches", 0, "path", "value"),
    ("spec", "rules", 0, "matches", 0, "headers", 0, "value"),
    ("spec", "rules", 0, "backendRefs", 0, "name"),
    ("spec", "rules", 0, "backendRefs", 0, "TEXT"),
    ("spec", "rules", 0, "filters", 0, "type"),
    ("TEXT",),
)
COMMANDS = {
    "check": ("check", "DIR"),
    "check of a file": ("check", "FILE"),
    "check for GitHub": ("check", "--github", "DIR"),
    "check as JSON": ("check", "-o", "json", "DIR"),
    "translate": ("translate", "DIR"),
    "translate as JSON": ("translate", "-o", "json", "DIR"),
    "explain": ("explain", "DIR", "--host", "a.example"),
    "explain as JSON": ("explain", "DIR", "--host", "a.example", "-o", "json"),
    "explain a request": ("explain", "DIR", "--host", "TEXT", "--path", "TEXT", "-H", "TEXT"),
    "why": ("why", "httproute/default/shop", "DIR"),
    "why of anything": ("why", "TEXT", "DIR"),
    "why as JSON": ("why", "-o", "json", "httproute/default/shop", "DIR"),
    "diff": ("diff", "DIR", "EMPTY"),
    "diff as JSON": ("diff", "-o", "json", "EMPTY", "DIR"),
    "no such file": ("check", "NOWHERE"),
    "no such option": ("check", "--OPTION"),
}


def documents(field: tuple[str | int, ...], text: str) -> str:
    """Return a Gateway and a route, with `text` at one place of both."""
    gateway = {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "Gateway",
        "metadata": {"name": "web", "labels": {}},
        "spec": {"gatewayClassName": "gatewayd", "listeners": [{"name": "http", "protocol": "HTTP", "port": 8080}]},
    }
    rule = {
        "matches": [{"path": {"value": "/"}, "headers": [{"name": "a", "value": "b"}]}],
        "backendRefs": [{"name": "cart", "port": 80}],
        "filters": [{"type": "URLRewrite", "urlRewrite": {"hostname": "b.example"}}],
    }
    route = {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": {"name": "shop", "labels": {}},
        "spec": {"parentRefs": [{"name": "web"}], "hostnames": ["a.example"], "rules": [rule]},
    }
    objects: list[Mapping[str, object]] = [gateway, route]
    for each in objects:
        put(each, field, text)
    return yaml.dump_all([gateway, route, {**route, "metadata": {"name": "shop"}}])


def put(value: object, field: tuple[str | int, ...], text: str) -> None:
    for step in field[:-1]:
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int):
            value = value[step]
    last = field[-1]
    if isinstance(value, dict):
        value[text if last == "TEXT" else last] = text
    elif isinstance(value, list) and isinstance(last, int):
        value[last] = text


def said(arguments: list[str]) -> tuple[bytes, bytes]:
    """Run a command in this process; return what it wrote, as a file would get it."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="") for _ in range(2))
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), contextlib.suppress(SystemExit):
        run(arguments)
    return out.buffer.getvalue(), err.buffer.getvalue()  # type: ignore[attr-defined]


@pytest.mark.parametrize("command", COMMANDS)
@settings(max_examples=40)
@given(name=NAMES, text=TEXTS, field=st.sampled_from(FIELDS))
def test_nothing_that_is_written_is_obeyed(command: str, name: bytes, text: str, field: tuple[str | int, ...]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "empty").mkdir()
        home = os.fsencode(folder) + b"/gateway"
        file = home + b"/" + name.replace(b"/", b"_").replace(b"\0", b"_") + b".yaml"
        os.mkdir(home)  # noqa: PTH102
        with open(file, "w", encoding="utf-8") as stream:  # noqa: PTH123 (names of bytes)
            stream.write(documents(field, text))
        places = {"DIR": os.fsdecode(home), "FILE": os.fsdecode(file), "EMPTY": f"{folder}/empty", "TEXT": text}
        places |= {"NOWHERE": os.fsdecode(b"nowhere " + name), "--OPTION": f"--x{text}"}
        out, err = said([places.get(each, each) for each in COMMANDS[command]])
    for data in (out, err):
        lines = data.decode("utf-8").split("\n")
        assert [line for line in lines if not line.isprintable()] == []
        assert [line for line in lines if "##[" in line] == []
        if command != "check for GitHub":
            assert [line for line in lines if line.lstrip().startswith("::")] == []
    if command.endswith("JSON") and out:
        json.loads(out)
    if command == "check for GitHub":
        told = out.decode().splitlines()
        assert told == [
            line
            for line in told
            if re.match(r"::(error|warning) file=[^:,]*,line=[0-9]+,title=gatewayd [A-Za-z]+::", line)
        ]
