import os
import socket
from pathlib import Path

import pytest

from gatewayd.introspection import client
from gatewayd.introspection.client import newest_socket

ME = os.geteuid()


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()


def listen(folder: Path, age: float) -> socket.socket:
    path = folder / "xds" / "socket"
    path.parent.mkdir(parents=True)
    found = socket.socket(socket.AF_UNIX)
    found.bind(str(path))
    found.listen()
    os.utime(path, (1_000_000 - age, 1_000_000 - age))
    return found


def test_there_is_none(tmp_path: Path) -> None:
    assert newest_socket(tmp_path, ME) is None
    assert newest_socket(None, ME) is None


def test_the_youngest_that_lives_is_taken(tmp_path: Path) -> None:
    with (
        listen(tmp_path / "tmp" / "gatewayd-old", 20),
        listen(tmp_path / "gatewayd-young", 10),
        listen(tmp_path / "gatewayd-dead", 0) as dead,
    ):
        dead.close()

        assert newest_socket(tmp_path, ME) == tmp_path / "gatewayd-young" / "xds" / "socket"
        assert newest_socket(None, ME) == tmp_path / "tmp" / "gatewayd-old" / "xds" / "socket"


def test_sockets_of_others_and_other_files_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "gatewayd-file" / "xds").mkdir(parents=True)
    (tmp_path / "gatewayd-file" / "xds" / "socket").write_text("")
    with listen(tmp_path / "gatewayd-x", 0):
        assert newest_socket(tmp_path, ME + 1) is None

    assert client.SERVICE == "gatewayd.v1.Introspection"
