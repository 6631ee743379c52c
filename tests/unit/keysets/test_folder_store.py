import asyncio
import stat
from pathlib import Path

from gatewayd.ir.key_sets import KeySetSource
from gatewayd.keysets.folder_store import FolderStore, store_in
from gatewayd.untrusted.key_sets import public_keys
from tests.unit.untrusted.test_kept_keys import KEYS

IDP, OTHER = (KeySetSource(uri=f"https://{host}/keys", via=None) for host in ("idp.example", "other.example"))
GOOD = str(public_keys(KEYS))


async def test_what_is_kept_is_there_for_the_next_run(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    assert await store.load() == {}
    for source in (IDP, OTHER):
        await store.save(source, "old")
        await store.save(source, KEYS)
    assert await store_in(tmp_path).load() == {IDP: GOOD, OTHER: GOOD}
    files = list((tmp_path / "gatewayd" / "key-sets").iterdir())
    assert {stat.S_IMODE(each.stat().st_mode) for each in files} == {0o600}
    await store.forget(IDP)
    await store.forget(IDP)
    assert await store.load() == {OTHER: GOOD}


async def test_what_cannot_be_read_is_passed_over(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    await store.save(IDP, KEYS)
    (tmp_path / "broken.json").write_bytes(b"\xff")
    (tmp_path / "folder.json").symlink_to(tmp_path / "broken.json")
    assert await store.load() == {IDP: GOOD}


async def test_where_others_may_write_nothing_is_believed(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    await store.save(IDP, KEYS)
    await asyncio.to_thread(tmp_path.chmod, 0o777)
    assert await store.load() == {}


async def test_without_a_cache_nothing_is_kept(tmp_path: Path) -> None:
    store = store_in(None)
    await store.save(IDP, KEYS)
    await store.forget(IDP)
    assert await store.load() == {}
    # A folder that cannot be made is told in the log, and no more.
    (tmp_path / "gatewayd").write_text("")
    await store_in(tmp_path).save(IDP, KEYS)
