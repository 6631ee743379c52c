import base64
from pathlib import Path

import pytest

from conformance.scenarios.canaries import Canaries
from conformance.scenarios.certificates import Maker


@pytest.fixture
def canaries() -> Canaries:
    return Canaries()


def test_a_secret_has_its_canary_in_base64_wherever_it_begins(canaries: Canaries) -> None:
    secret = canaries.opaque("shop", "password")
    for before in ("", "x", "xy", "xyz"):
        word = base64.b64decode(secret["data"]["password"]).decode()
        canaries.search("log", base64.b64encode(f"{before}{word} and more".encode()))
        assert canaries.seen.pop() == "log: shop/password"
        canaries.search("log", f"{before}{word}")
        assert canaries.seen.pop() == "log: shop/password"


def test_a_key_is_found_and_its_certificate_is_no_secret(canaries: Canaries, tmp_path: Path) -> None:
    secret = canaries.tls(Maker(tmp_path), "shop", "site", "site.example")
    canaries.search("status", secret["data"]["tls.crt"] + base64.b64decode(secret["data"]["tls.crt"]).decode())
    assert canaries.seen == []
    canaries.search("status", secret["data"]["tls.key"])
    assert set(canaries.seen) == {"status: shop/site"}


def test_half_a_key_holds_its_canary(canaries: Canaries, tmp_path: Path) -> None:
    secret = canaries.half(Maker(tmp_path), "shop", "site", "site.example")
    canaries.search("events", base64.b64decode(secret["data"]["tls.key"]))
    assert canaries.seen


def test_what_was_searched_is_counted(canaries: Canaries) -> None:
    canaries.opaque("shop", "password")
    canaries.search_all("log", [b"abc", b"de"])
    assert (canaries.searched, canaries.planted, canaries.seen) == ({"log": 5}, 1, [])
