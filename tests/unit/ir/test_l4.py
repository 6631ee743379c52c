from gatewayd.ir.backend import Protocol, ServiceBackend, Upstream
from gatewayd.ir.l4 import L4Action, L4Backend, L4Forward, L4Refuse

UPSTREAM = Upstream(kind="Service", namespace="shop", name="web", port=80, protocol=Protocol.HTTP1)


def forward(weight: int) -> L4Forward:
    backend = ServiceBackend(upstream=UPSTREAM)
    return L4Forward(source="TCPRoute/shop/a", backends=(L4Backend(backend=backend, weight=weight),))


def test_equal_actions_are_one_value() -> None:
    assert {forward(1), forward(1), forward(2)} == {forward(1), forward(2)}


def test_to_refuse_is_an_action_of_its_own() -> None:
    actions: set[L4Action] = {L4Refuse(), L4Refuse(), forward(0)}
    assert len(actions) == 2
