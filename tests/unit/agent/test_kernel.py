from pathlib import Path

import pytest

from gatewayd.agent import kernel
from gatewayd.agent.kernel import KernelError, apply


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
    with pytest.raises(KernelError, match=r"nft: exit code 1; internal:0:0-0: Error: \\x1b\[1mno"):
        await apply(())


async def test_where_there_is_no_nft_that_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(kernel, "_NFT", str(tmp_path / "nft"))
    with pytest.raises(KernelError, match="nft: cannot be started; No such file"):
        await apply(())
