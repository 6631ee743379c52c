"""What is remembered of refused certificates."""

import pytest

from gatewayd.ads.refused_secrets import RefusedSecrets, is_to_blame
from gatewayd.ir.limits import REFUSED_SECRETS
from gatewayd.ir.outcome import RefusedSecret


def refused(version: str, message: str = "no") -> RefusedSecret:
    return RefusedSecret(version=version, message=message)


def test_each_version_is_remembered_once_with_the_first_words() -> None:
    memory = RefusedSecrets()
    assert memory.add((refused("b"), refused("a")))
    before = memory.all
    assert not memory.add((refused("a", "other words"),))
    assert memory.all is before == (refused("a"), refused("b"))


def test_of_too_many_the_oldest_are_forgotten() -> None:
    memory = RefusedSecrets()
    memory.add((refused("first"),))
    memory.add(refused(f"{number:05}") for number in range(REFUSED_SECRETS))
    assert len(memory.all) == REFUSED_SECRETS
    assert refused("first") not in memory.all


@pytest.mark.parametrize(
    ("name", "words", "is_blamed"),
    [
        ("certificate/shop/a", "Failed to load certificate chain from <inline>", True),
        ("certificate/shop/a", "Failed to load private key from <inline>", True),
        ("trust/shop/ca", "Failed to load trusted CA certificates from <inline>", True),
        ("trust/shop/ca!configmap/shop/crl", "Failed to load CRL from <inline>", True),
        # It came last of what is used together, and the other one is what Envoy speaks of.
        ("certificate/shop/a", "Failed to load trusted CA certificates from <inline>", False),
        ("trust/shop/ca", "Failed to load certificate chain from <inline>", False),
    ],
)
def test_who_is_to_blame(name: str, words: str, *, is_blamed: bool) -> None:
    assert is_to_blame(name, words) is is_blamed
