import io
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import pytest

from gatewayd.telemetry.outlet import Lost, Outlet

FULL = Path("/dev/full")


@pytest.fixture
def pipe() -> Iterator[tuple[int, TextIO]]:
    reader, writer = os.pipe()
    with os.fdopen(writer, "w") as stream:
        yield reader, stream


def test_lines_are_written_at_once_and_as_utf_8(pipe: tuple[int, TextIO]) -> None:
    reader, stream = pipe
    outlet = Outlet(stream)
    outlet.write("a\nü")
    assert os.read(reader, 100) == b"a\n"
    outlet.write("\udcff\n")
    outlet.write("rest")
    outlet.flush()
    assert os.read(reader, 100) == "ü\\udcff\nrest".encode()
    assert (outlet.lost, outlet.regained()) == (None, None)
    assert (outlet.isatty(), outlet.fileno()) == (False, stream.fileno())


def test_what_does_not_fit_is_counted_and_never_tried_again() -> None:
    with FULL.open("w") as stream:
        outlet = Outlet(stream)
        outlet.write("a\nb\n")
        outlet.write("c")
        outlet.flush()
        assert outlet.lost == Lost(lines=3, reason="no space left on device")
        assert outlet.regained() is None
        assert not outlet.is_closed


def test_it_is_told_once_that_lines_were_lost(pipe: tuple[int, TextIO]) -> None:
    reader, stream = pipe
    whole = os.dup(stream.fileno())
    outlet = Outlet(stream)
    with FULL.open("w") as full:
        os.dup2(full.fileno(), stream.fileno())
        outlet.write("a\n")
    os.dup2(whole, stream.fileno())
    os.close(whole)
    outlet.write("b\n")
    assert outlet.regained() == Lost(lines=1, reason="no space left on device")
    assert outlet.regained() is None
    assert os.read(reader, 100) == b"b\n"
    assert str(Lost(lines=2, reason="x")) == "2 lines could not be written: x"


def test_a_closed_pipe_and_a_closed_stream(pipe: tuple[int, TextIO]) -> None:
    reader, stream = pipe
    os.close(reader)
    outlet = Outlet(stream)
    outlet.write("a\n")
    assert outlet.is_closed
    assert outlet.lost == Lost(lines=1, reason="broken pipe")
    closed = io.StringIO()
    closed.close()
    other = Outlet(closed)
    other.write("a\n")
    assert other.lost is not None


def test_a_reader_that_does_not_read_costs_lines_and_no_time(pipe: tuple[int, TextIO]) -> None:
    reader, stream = pipe
    outlet = Outlet(stream)
    outlet.patience = 0.01
    line = "x" * 9999 + "\n"
    for _ in range(1000):  # ten times what a pipe holds
        outlet.write(line)
    assert outlet.lost is not None
    assert outlet.lost.reason == "the reader does not read"
    os.set_blocking(reader, False)
    held = os.read(reader, 10_000_000)
    outlet.write("y\n")
    # The line that was cut is ended first.
    assert os.read(reader, 100) == (b"y\n" if held.endswith(b"\n") else b"\ny\n")
    assert outlet.regained() is not None


def test_a_descriptor_that_does_not_block_is_waited_for(pipe: tuple[int, TextIO]) -> None:
    reader, stream = pipe
    os.set_blocking(stream.fileno(), False)
    outlet = Outlet(stream)
    read: list[bytes] = []

    def read_all() -> None:
        while sum(map(len, read)) < 1_000_000:
            read.append(os.read(reader, 65536))

    thread = threading.Thread(target=read_all)
    thread.start()
    outlet.write("x" * 999_999 + "\n")
    thread.join()
    assert outlet.lost is None
    assert b"".join(read) == b"x" * 999_999 + b"\n"
