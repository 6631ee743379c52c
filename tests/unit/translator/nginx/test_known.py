import pytest

from gatewayd.convert.fates import Fidelity
from gatewayd.translator.nginx.annotations import NginxAnnotations
from gatewayd.translator.nginx.known import UNREAD, effects


def fate(name: str, text: str = "a") -> tuple[Fidelity, bool]:
    _, [found] = effects(NginxAnnotations(namespace="shop", values={name: text}))
    return found.fidelity, found.opens


@pytest.mark.parametrize("name", sorted(UNREAD))
def test_each_annotation_has_one_fate(name: str) -> None:
    assert fate(name) == (UNREAD[name].fidelity, UNREAD[name].protects)


@pytest.mark.parametrize("name", ["configuration-snippet", "server-snippet", "auth-tls-secret", "enable-modsecurity"])
def test_what_protects_and_cannot_be_had_opens_a_door(name: str) -> None:
    assert fate(name) == (Fidelity.LOST, True)


@pytest.mark.parametrize("name", ["jwt-secret", "enable-waf", "allowed-countries", "oauth-proxy"])
def test_what_is_called_like_a_protection_opens_one_too(name: str) -> None:
    assert fate(name) == (Fidelity.LOST, True)


def test_what_nobody_knows_had_no_effect() -> None:
    assert fate("grpc-backend") == (Fidelity.EXACT, False)


def test_a_protection_that_is_spelled_in_capitals_opens_a_door_too() -> None:
    assert fate("Whitelist-Source-Range", "10.0.0.0/8") == (Fidelity.LOST, True)
