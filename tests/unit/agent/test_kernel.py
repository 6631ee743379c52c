import asyncio
import os
from pathlib import Path

import pytest

from gatewayd.agent import kernel
from gatewayd.agent.kernel import KernelError, apply, found
from gatewayd.agent.table import FoundTable


def nft(folder: Path, script: str) -> None:
    program = folder / "nft"
    program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    program.chmod(0o755)


async def test_a_transaction_goes_to_nft_as_json(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nft(tmp_path, f'echo "$*" > {tmp_path}/arguments; cat > {tmp_path}/input')
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    await apply(({"add": {}},))
    assert (tmp_path / "arguments").read_text() == "--json --file -\n"
    assert (tmp_path / "input").read_text() == '{"nftables": [{"add": {}}]}'


async def test_what_nft_refuses_is_said_in_its_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nft(tmp_path, "cat > /dev/null; echo 'internal:0:0-0: Error: \033[1mno' >&2; exit 1")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    with pytest.raises(KernelError, match=r"^nft: exit code 1; internal:0:0-0: Error: \\x1b\[1mno"):
        await apply(())


async def test_a_transaction_that_is_given_up_does_not_take_place_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(tmp_path / "began")
    nft(tmp_path, f"echo $$ > {tmp_path}/began; exec sleep 60")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    task = asyncio.create_task(apply(()))
    process = int(await asyncio.to_thread((tmp_path / "began").read_text))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)


async def test_where_there_is_no_nft_that_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(kernel, "_NFT", str(tmp_path / "nft"))
    with pytest.raises(KernelError, match=r"^nft: cannot be started; No such file"):
        await apply(())


async def test_what_the_table_before_holds_is_read_from_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nft(tmp_path, f'echo "$*" > {tmp_path}/arguments; cat {tmp_path}/output')
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    (tmp_path / "output").write_text(
        '{"nftables": [{"metainfo": {"version": "1.0.6"}}, {"table": {"family": "inet", "name": "gatewayd"}},'
        '{"map": {"name": "callers-ip", "map": "verdict", "elem": [["10.244.0.6", {"jump": {"target": "from-15897"}}],'
        ' ["10.244.0.7", {"jump": {"target": "elsewhere"}}]]}},'
        '{"map": {"name": "callers-ip6", "map": "verdict"}}, {"set": {"name": "alive", "elem": ["tcp"]}},'
        '{"set": {"name": "to-15001-ip", "elem": [{"concat": ["10.96.0.10", 80]}]}},'
        '{"set": {"name": "to-15897-ip6", "elem": [{"concat": ["fd00:96::10", 80]}]}},'
        '{"set": {"name": "to-15897-ip"}},'
        '{"set": {"name": "left-15001-ip", "elem": [{"concat": ["10.96.0.11", 80]}]}}]}',
        encoding="utf-8",
    )
    led = frozenset({(15001, "10.96.0.10", 80), (15897, "fd00:96::10", 80)})
    assert await found() == FoundTable(led=led, callers=frozenset({("10.244.0.6", 15897)}))
    assert (tmp_path / "arguments").read_text() == "--json list table inet gatewayd\n"


@pytest.mark.parametrize("script", ["exit 1", "echo '{'", "echo '{\"nftables\": 3}'"])
async def test_where_there_is_no_such_table_nothing_is_found(
    script: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nft(tmp_path, script)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert await found() is None
    monkeypatch.setenv("PATH", str(tmp_path / "nowhere"))
    monkeypatch.setattr(kernel, "_NFT", str(tmp_path / "no-nft"))
    assert await found() is None
