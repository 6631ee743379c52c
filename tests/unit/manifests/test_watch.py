import asyncio
import json
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from pathlib import Path

import pytest

from gatewayd.manifests.folder import Absence, Contents, UnreadableFile
from gatewayd.manifests.folder_scan import LEADS_OUT
from gatewayd.manifests.watch import NOT_TOLD, watch_folder
from tests.unit.manifests import unwatched

DEADLINE = 10.0


class Changes:
    """What the watch has told so far: the newest contents of each file, and what was said of each."""

    def __init__(self, batches: AsyncGenerator[Mapping[str, Contents], None], shown: Path) -> None:
        self._batches = batches
        self._shown = shown
        self.told: list[tuple[str, Contents]] = []

    async def until(self, name: str, contents: Contents) -> None:
        async with asyncio.timeout(DEADLINE):
            while (name, contents) not in self.told:
                batch = await anext(self._batches)
                self.told.extend((str(Path(path).relative_to(self._shown)), what) for path, what in batch.items())


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def replace(path: Path, text: str) -> None:
    new = path.with_name(".new")
    new.write_text(text)
    new.rename(path)


async def test_the_life_of_a_folder(tmp_path: Path) -> None:
    root = tmp_path / "root"
    write(root / "a.yaml", "1")
    async with aclosing(watch_folder(root)) as batches:
        changes = Changes(batches, root)
        await changes.until("a.yaml", b"1")
        write(root / "a.yaml", "2")
        await changes.until("a.yaml", b"2")
        replace(root / "a.yaml", "3")
        await changes.until("a.yaml", b"3")
        write(root / "new" / "deep" / "b.yaml", "4")
        await changes.until("new/deep/b.yaml", b"4")
        (root / "new").rename(root / "old")
        await changes.until("new/deep/b.yaml", Absence.GONE)
        assert ("old/deep/b.yaml", b"4") in changes.told
        (root / "a.yaml").unlink()
        await changes.until("a.yaml", Absence.GONE)


async def test_a_folder_that_vanishes_keeps_all_until_it_is_back(tmp_path: Path) -> None:
    root = tmp_path / "root"
    write(root / "a.yaml", "1")
    write(root / "b.yaml", "2")
    absent = UnreadableFile(reason="the folder does not exist; what it held stays as it was")
    async with aclosing(watch_folder(root)) as batches:
        changes = Changes(batches, root)
        await changes.until("b.yaml", b"2")
        root.rename(tmp_path / "away")
        await changes.until(".", absent)
        assert Absence.GONE not in dict(changes.told).values()
        write(root / "b.yaml", "3")
        await changes.until("b.yaml", b"3")
        assert (".", Absence.GONE) in changes.told
        await changes.until("a.yaml", Absence.GONE)


async def test_a_folder_may_come_later(tmp_path: Path) -> None:
    root = tmp_path / "root"
    async with aclosing(watch_folder(root)) as batches:
        changes = Changes(batches, root)
        await changes.until(".", UnreadableFile(reason="the folder does not exist; what it held stays as it was"))
        write(root / "a.yaml", "1")
        await changes.until("a.yaml", b"1")


async def test_a_swapped_configmap(tmp_path: Path) -> None:
    for version in ("..1", "..2"):
        write(tmp_path / version / "a.yaml", version)
    (tmp_path / "..data").symlink_to("..1")
    (tmp_path / "a.yaml").symlink_to("..data/a.yaml")
    async with aclosing(watch_folder(tmp_path)) as batches:
        changes = Changes(batches, tmp_path)
        await changes.until("a.yaml", b"..1")
        (tmp_path / "..new").symlink_to("..2")
        (tmp_path / "..new").rename(tmp_path / "..data")
        await changes.until("a.yaml", b"..2")


async def test_a_link_to_everything_is_not_followed(tmp_path: Path) -> None:
    root = tmp_path / "root"
    write(tmp_path / "elsewhere" / "z.yaml", "1")
    write(root / "a.yaml", "1")
    (root / "all").symlink_to("/")
    (root / "elsewhere").symlink_to("../elsewhere")
    async with aclosing(watch_folder(root)) as batches:
        changes = Changes(batches, root)
        await changes.until("a.yaml", b"1")
        assert {path for path, what in changes.told if what == UnreadableFile(reason=LEADS_OUT)} == {"all", "elsewhere"}
        write(root / "sub" / "b.yaml", "2")
        await changes.until("sub/b.yaml", b"2")
        write(root / "sub" / "b.yaml", "3")
        await changes.until("sub/b.yaml", b"3")
        assert {path for path, _ in changes.told} == {"a.yaml", "all", "elsewhere", "sub/b.yaml"}


async def test_a_file_that_a_link_leads_to_is_followed(tmp_path: Path) -> None:
    write(tmp_path / ".store" / "a.yaml", "1")
    (tmp_path / "a.yaml").symlink_to(".store/a.yaml")
    async with aclosing(watch_folder(tmp_path)) as batches:
        changes = Changes(batches, tmp_path)
        await changes.until("a.yaml", b"1")
        write(tmp_path / ".store" / "a.yaml", "2")
        await changes.until("a.yaml", b"2")


async def test_without_inotify_changes_are_looked_for(tmp_path: Path) -> None:
    write(tmp_path / "a.yaml", "1")
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, unwatched.__file__, str(tmp_path)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert child.stdout is not None
    assert child.stderr is not None
    try:
        async with asyncio.timeout(DEADLINE):
            first = await child.stdout.readline()
            if not first and await child.wait() == unwatched.NO_NAMESPACE:
                pytest.skip("this system grants no user namespace")
            assert json.loads(first) == [str(tmp_path / "a.yaml"), "1"]
            event = json.loads(await child.stderr.readline())
            assert event["event"] == NOT_TOLD
            assert "fs.inotify.max_user_instances" in event["limits"]
            write(tmp_path / "sub" / "b.yaml", "2")
            assert json.loads(await child.stdout.readline()) == [str(tmp_path / "sub" / "b.yaml"), "2"]
            write(tmp_path / "a.yaml", "three")
            assert json.loads(await child.stdout.readline()) == [str(tmp_path / "a.yaml"), "three"]
    finally:
        if child.returncode is None:
            child.kill()
        await child.wait()
