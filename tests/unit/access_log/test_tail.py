from collections.abc import Iterator
from pathlib import Path

import pytest

from gatewayd.access_log.tail import Tail
from gatewayd.ir.access_log import FILE
from gatewayd.supervisor.access_log import set_aside


@pytest.fixture
def tail(tmp_path: Path) -> Iterator[Tail]:
    found = Tail(tmp_path)
    yield found
    found.close()


def log(folder: Path, envoy: int) -> Path:
    home = folder / f"envoy-{envoy}"
    home.mkdir(exist_ok=True)
    return home / FILE


def append(path: Path, data: bytes) -> None:
    with path.open("ab") as file:
        file.write(data)


def test_there_is_nothing(tail: Tail) -> None:
    assert list(tail.lines()) == []


def test_lines_of_all_envoys_come_once(tmp_path: Path, tail: Tail) -> None:
    append(log(tmp_path, 1), b"a\nb\n")
    assert list(tail.lines()) == [b"a", b"b"]
    append(log(tmp_path, 1), b"c\n")
    append(log(tmp_path, 2), b"d\n")
    assert sorted(tail.lines()) == [b"c", b"d"]
    assert list(tail.lines()) == []


def test_half_a_line_waits_for_its_end(tmp_path: Path, tail: Tail) -> None:
    append(log(tmp_path, 1), b"a\nhal")
    assert list(tail.lines()) == [b"a"]
    append(log(tmp_path, 1), b"f\n")
    assert list(tail.lines()) == [b"half"]


def test_no_line_is_lost_or_told_twice_when_a_log_is_begun_anew(tmp_path: Path, tail: Tail) -> None:
    path = log(tmp_path, 1)
    append(path, b"a\n")
    assert list(tail.lines()) == [b"a"]
    with path.open("ab") as still_open:
        assert set_aside(path, largest=1)
        still_open.write(b"b\n")
    assert list(tail.lines()) == [b"b"]
    append(path, b"c\n")
    assert list(tail.lines()) == [b"c"]


def test_a_log_without_line_ends_takes_no_room(tmp_path: Path, tail: Tail) -> None:
    path = log(tmp_path, 1)
    append(path, b"x" * 3_000_000)
    assert list(tail.lines()) == []
    append(path, b"\na\n")
    assert list(tail.lines())[-1] == b"a"


def test_what_cannot_be_read_is_passed_over(tmp_path: Path, tail: Tail) -> None:
    log(tmp_path, 1).mkdir()
    assert list(tail.lines()) == []


def test_what_is_there_already_may_be_passed_over(tmp_path: Path, tail: Tail) -> None:
    append(log(tmp_path, 1), b"a\nhal")
    tail.skip()
    assert list(tail.lines()) == []
    append(log(tmp_path, 1), b"f\nb\n")
    append(log(tmp_path, 2), b"c\n")
    assert list(tail.lines()) == [b"f", b"b", b"c"]
