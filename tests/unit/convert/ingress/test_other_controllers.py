import pytest

from gatewayd.convert.fates import Fidelity
from gatewayd.convert.ingress.other_controllers import other_fates


@pytest.mark.parametrize(
    ("name", "protects"),
    [
        ("traefik.ingress.kubernetes.io/router.middlewares", True),
        ("haproxy.org/whitelist", True),
        ("konghq.com/plugins", True),
        ("alb.ingress.kubernetes.io/target-type", False),
    ],
)
def test_none_is_read_and_those_that_may_protect_say_so(name: str, *, protects: bool) -> None:
    [fate] = other_fates({name: "a"})
    assert (fate.path, fate.fidelity, fate.protects) == (f'metadata.annotations["{name}"]', Fidelity.LOST, protects)


@pytest.mark.parametrize("name", ["nginx.ingress.kubernetes.io/auth-url", "cert-manager.io/issuer", "note"])
def test_those_of_others_than_controllers_are_left_alone(name: str) -> None:
    assert list(other_fates({name: "a"})) == []
