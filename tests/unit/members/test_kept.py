"""What a member said last, as bytes and back."""

import json
import zlib
from dataclasses import replace

import pytest

from gatewayd.api.meta import ObjectKey
from gatewayd.ir.member_limits import MEMBER_KEPT_PARTS
from gatewayd.ir.members import Exported, ExportedEndpoint, ExportedPort
from gatewayd.members import kept
from gatewayd.members.kept import packed, part_of, unpacked


def row(name: str, count: int = 2) -> Exported:
    endpoints = tuple(ExportedEndpoint(f"10.4.{at // 250}.{at % 250}", 8080, ready=at != 1) for at in range(count))
    port = ExportedPort(number=80, transport="TCP", app_protocol="h2c", endpoints=endpoints)
    return Exported(cluster="west", namespace="shop", name=name, created="2026-01-01T00:00:00Z", ports=(port,))


ROWS = {ObjectKey("shop", f"s{number}"): row(f"s{number}") for number in range(40)}


def parts(*, stale: bool = False) -> list[bytes]:
    return [packed(ROWS, part, stale=stale) or b"" for part in range(MEMBER_KEPT_PARTS)]


def test_there_and_back() -> None:
    assert unpacked("west", parts()) == (ROWS, False)
    assert unpacked("west", parts(stale=True)) == (ROWS, True)


def test_zones_are_kept_and_a_version_that_knows_none_reads_the_rest() -> None:
    key = ObjectKey("shop", "s")
    (port,) = row("s").ports
    zoned = replace(port, endpoints=tuple(each._replace(zone=f"eu-1{each.port}") for each in port.endpoints))
    rows = {key: replace(row("s"), ports=(zoned,))}
    data = packed(rows, part_of(key), stale=False) or b""
    assert unpacked("west", [data]) == (rows, False)
    document = json.loads(zlib.decompress(data))
    kept_port = document["exports"][0][3][0]
    assert kept_port[:4] == [80, "TCP", "h2c", [["10.4.0.0", 8080, True], ["10.4.0.1", 8080, False]]]
    for zones in (kept_port[:4], [*kept_port[:4], ["eu-1"]]):
        document["exports"][0][3][0] = zones
        plain = zlib.compress(json.dumps(document).encode())
        assert unpacked("west", [plain]) == ({key: row("s")}, False)


def test_the_same_rows_are_the_same_bytes_and_a_change_is_one_of_one_part() -> None:
    before = parts()
    changed = dict(reversed(ROWS.items()))
    assert [packed(changed, part, stale=False) for part in range(MEMBER_KEPT_PARTS)] == before
    key = ObjectKey("shop", "s7")
    changed[key] = row("s7", 3)
    after = [packed(changed, part, stale=False) for part in range(MEMBER_KEPT_PARTS)]
    assert [at for at in range(MEMBER_KEPT_PARTS) if after[at] != before[at]] == [part_of(key)]


@pytest.mark.parametrize("data", [b"", b"no zlib", zlib.compress(b"[]"), zlib.compress(b'{"stale": 1, "exports": []}')])
def test_what_somebody_else_wrote_is_nothing(data: bytes) -> None:
    assert unpacked("west", [data]) == ({}, False)


def test_a_bomb_is_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "MEMBER_BYTES", 1000)
    assert unpacked("west", [zlib.compress(b'{"stale": true, "exports": []' + b" " * 10_000_000 + b"}")]) == ({}, False)


def test_a_service_of_thousands_is_kept_and_too_much_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    large = {ObjectKey("shop", "s"): row("s", 50_000)}
    part = part_of(ObjectKey("shop", "s"))
    data = packed(large, part, stale=False)
    assert data is not None
    assert unpacked("west", [data])[0] == large
    monkeypatch.setattr(kept, "MEMBER_KEPT_BYTES", 100)
    assert packed(large, part, stale=False) is None
