import pytest
import typer

from gatewayd.cli.output import end, fail, write, write_json


def test_text_ends_with_one_newline(capsys: pytest.CaptureFixture[str]) -> None:
    for text in ("a", "b\n", ""):
        write(text)

    assert capsys.readouterr().out == "a\nb\n"


def test_json_is_for_people_too(capsys: pytest.CaptureFixture[str]) -> None:
    write_json({"a": ["ä"]})

    assert capsys.readouterr().out == '{\n  "a": [\n    "ä"\n  ]\n}\n'


def test_failures_go_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    fail("it is broken")

    found = capsys.readouterr()
    assert (found.out, found.err) == ("", "gatewayd: it is broken\n")


def test_an_end_has_a_code(capsys: pytest.CaptureFixture[str]) -> None:
    ended = end("no", 3)

    assert isinstance(ended, typer.Exit)
    assert ended.exit_code == 3
    assert capsys.readouterr().err == "gatewayd: no\n"
