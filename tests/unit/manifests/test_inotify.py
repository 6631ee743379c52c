"""What Linux tells of folders, with real folders."""

import os
import sys
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing
from pathlib import Path

import pytest

from gatewayd.manifests.inotify import changed_paths

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="inotify is Linux's")

TICK = 10.0
QUEUE = Path("/proc/sys/fs/inotify/max_queued_events")
QUEUED = int(QUEUE.read_text()) if QUEUE.exists() else 0
"""How many events the kernel keeps."""


def told(*folders: Path, tick: float = TICK, quiet: float = 0.001) -> AsyncGenerator[frozenset[str], None]:
    return changed_paths(map(str, folders), quiet=quiet, longest=0.05, tick=tick)


def names(folder: Path) -> list[str]:
    return [each.name for each in folder.iterdir()]


def descriptors() -> int:
    return len(names(Path("/proc/self/fd")))


@pytest.fixture(autouse=True)
def no_descriptor_is_left() -> Iterator[None]:
    before = descriptors()
    yield
    assert descriptors() == before


def written(folder: Path) -> None:
    (folder / "a.yaml").write_text("2")


def moved_over(folder: Path) -> None:
    (folder / ".new").write_text("2")
    (folder / ".new").rename(folder / "a.yaml")


def removed(folder: Path) -> None:
    (folder / "a.yaml").unlink()


def given_rights(folder: Path) -> None:
    (folder / "a.yaml").chmod(0o600)


def linked(folder: Path) -> None:
    (folder / "b.yaml").symlink_to("a.yaml")


@pytest.mark.parametrize(
    ("does", "name"),
    [
        (written, "a.yaml"),
        (moved_over, "a.yaml"),
        (removed, "a.yaml"),
        (given_rights, "a.yaml"),
        (linked, "b.yaml"),
        (lambda folder: (folder / "new").mkdir(), "new"),
        (lambda folder: (folder / "t\u00e4gl ich.yaml").write_text(""), "t\u00e4gl ich.yaml"),
    ],
)
async def test_what_happens_is_told_by_its_path(tmp_path: Path, does: Callable[[Path], object], name: str) -> None:
    (tmp_path / "a.yaml").write_text("1")
    async with aclosing(told(tmp_path, tick=0.001)) as batches:
        assert await anext(batches) == frozenset()
        does(tmp_path)
        assert str(tmp_path / name) in await anext(batches)


async def test_what_is_read_is_not_told(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("1")
    async with aclosing(told(tmp_path, tick=0.001)) as batches:
        await anext(batches)
        assert (tmp_path / "a.yaml").read_text() == "1"
        assert names(tmp_path) == ["a.yaml"]
        assert await anext(batches) == frozenset()


async def test_each_folder_is_watched_by_itself(tmp_path: Path) -> None:
    one, two, below = tmp_path / "one", tmp_path / "two", tmp_path / "one" / "below"
    for each in (one, two, below):
        each.mkdir()
    async with aclosing(told(one, two, tick=0.001)) as batches:
        await anext(batches)
        written(one)
        written(two)
        written(below)
        assert await anext(batches) == {str(one / "a.yaml"), str(two / "a.yaml")}


async def test_a_folder_that_goes_is_told_by_its_own_path(tmp_path: Path) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    async with aclosing(told(folder, tick=0.001)) as batches:
        await anext(batches)
        folder.rmdir()
        assert str(folder) in await anext(batches)


async def test_where_events_are_lost_all_folders_are_told(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("1")
    (tmp_path / "b.yaml").write_text("1")
    async with aclosing(told(tmp_path, tick=0.001, quiet=1.0)) as batches:
        await anext(batches)
        for turn in range(QUEUED + 10):
            os.utime(tmp_path / ("a.yaml", "b.yaml")[turn % 2])
        found: set[str] = set()
        while str(tmp_path) not in found:
            batch = await anext(batches)
            assert batch
            found |= batch


@pytest.mark.parametrize("is_there", [True, False])
async def test_what_is_no_folder_cannot_be_watched(tmp_path: Path, *, is_there: bool) -> None:
    if is_there:
        (tmp_path / "x").write_text("")
    with pytest.raises(NotADirectoryError if is_there else FileNotFoundError, match="x"):
        async with aclosing(told(tmp_path / "x")) as batches:
            await anext(batches)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may look everywhere")
async def test_a_folder_that_nobody_may_look_into_is_left_out(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o000)
    async with aclosing(told(tmp_path, closed, tick=0.001)) as batches:
        await anext(batches)
        written(tmp_path)
        assert await anext(batches) == {str(tmp_path / "a.yaml")}
