import json

from gatewayd.api.meta import ObjectKey
from gatewayd.kube.ending_namespaces import EndingNamespaces


def raw(**metadata: str | None) -> bytes:
    return json.dumps({"metadata": {"name": "shop", **metadata}}).encode()


def test_a_namespace_ends_from_its_deletion_until_it_is_gone() -> None:
    ending, key = EndingNamespaces(), ObjectKey("", "shop")
    ending.hear(key, raw())
    assert "shop" not in ending
    ending.hear(key, raw(deletionTimestamp="2026-11-29T17:00:00Z"))
    assert "shop" in ending
    assert "other" not in ending
    ending.hear(key, None)
    assert "shop" not in ending


def test_one_that_is_made_again_does_not_end() -> None:
    ending, key = EndingNamespaces(), ObjectKey("", "shop")
    ending.hear(key, raw(deletionTimestamp="2026-11-29T17:00:00Z"))
    ending.hear(key, raw())
    assert "shop" not in ending
