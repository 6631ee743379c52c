import io
import os
import sys
from pathlib import Path

import pytest
import typer

from gatewayd.cli.output import (
    code_after,
    end,
    fail,
    let_go,
    stand_in,
    standard_output,
    write,
    write_command,
    write_json,
    write_lines,
    write_yaml,
)

FULL = Path("/dev/full")


def test_a_line_stays_one(capsys: pytest.CaptureFixture[str]) -> None:
    for text in ("a", "b\n\x1b[2J", ""):
        write(text)

    assert capsys.readouterr().out == "a\nb\\n\\x1b[2J\n\n"


def test_lines_of_ours_are_lines(capsys: pytest.CaptureFixture[str]) -> None:
    write_lines("a\n\n b\x1b\n")

    assert capsys.readouterr().out == "a\n\n b\\x1b\n"


def test_json_is_for_people_too(capsys: pytest.CaptureFixture[str]) -> None:
    write_json({"a": ["ä\x7f"]})

    assert capsys.readouterr().out == '{\n  "a": [\n    "ä\\u007f"\n  ]\n}\n'


def test_yaml(capsys: pytest.CaptureFixture[str]) -> None:
    write_yaml({"a": "\u202e"})

    assert capsys.readouterr().out == 'a: "\\u202e"\n'


def test_a_command_of_github_is_one_whatever_it_tells_of(capsys: pytest.CaptureFixture[str]) -> None:
    write_command("error", {"file": "a:b,c%\n::stop-commands::x", "line": 3}, "100%\r\n::add-mask::y\x1b")

    file = "a%3Ab%2Cc%25%0A%3A%3Astop-commands%3A%3Ax"
    assert capsys.readouterr().out == f"::error file={file},line=3::100%25%0D%0A::add-mask::y\\x1b\n"


def test_failures_go_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    fail("it is\nbroken")

    found = capsys.readouterr()
    assert (found.out, found.err) == ("", "gatewayd: it is\\nbroken\n")


def test_an_end_has_a_code(capsys: pytest.CaptureFixture[str]) -> None:
    ended = end("no", 3)

    assert isinstance(ended, typer.Exit)
    assert ended.exit_code == 3
    assert capsys.readouterr().err == "gatewayd: no\n"


def test_output_that_is_written_changes_no_code(capsys: pytest.CaptureFixture[str]) -> None:
    write("a")
    assert [code_after(0), code_after(1)] == [0, 1]
    assert capsys.readouterr().err == ""


def test_a_full_disk_is_a_failure(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    with FULL.open("w") as full:
        monkeypatch.setattr("sys.stdout", full)
        write("a")
        assert code_after(0) == 3
    assert (
        capsys.readouterr().err == "gatewayd: standard output: 1 lines could not be written: no space left on device\n"
    )


def test_a_reader_that_has_read_enough_is_none(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as closed:
        monkeypatch.setattr("sys.stdout", closed)
        write("a")
        assert code_after(1) == 1
    assert capsys.readouterr().err == ""


def test_who_serves_goes_on_whatever_becomes_of_its_output(monkeypatch: pytest.MonkeyPatch) -> None:
    with FULL.open("w") as full:
        monkeypatch.setattr("sys.stdout", full)
        standard_output().patience = 0.1
        write("a")
        assert code_after(0) == 0


def test_what_python_could_not_write_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    full = FULL.open("w")
    monkeypatch.setattr("sys.stdout", full)
    full.write("a")
    let_go()
    full.close()


def test_streams_without_a_descriptor_are_written_to(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr("sys.stdout", stream)
    write("ä")
    let_go()
    assert stream.getvalue() == "ä\n"


def test_streams_that_were_closed_lead_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout", None)
    stand_in()
    write("a")
    assert code_after(0) == 0
    sys.stdout.close()
