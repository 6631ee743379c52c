import pytest

from gatewayd.api.accesspolicy import (
    AccessPolicy,
    Basic,
    ClientAddressRange,
    Clients,
    CorsSection,
    SecretRef,
)
from gatewayd.api.meta import ObjectKey
from gatewayd.ir.filters import Cors
from gatewayd.ir.policy import AddressRange as Range
from gatewayd.ir.policy import AddressRule, ClientAddresses
from gatewayd.translator.policies.clients import address_rule
from gatewayd.translator.policies.closed import Closed
from gatewayd.translator.policies.effective import NOTHING, Effective, Ruled, ScopedTarget
from gatewayd.translator.protocols import GATEWAY_KIND
from gatewayd.translator.proxies.access import entry_filters, entry_problems, with_cors
from tests.unit.api.documents import accepted
from tests.unit.policies import policy, target
from tests.unit.translator.manifests import scratch

VIEW = scratch()
GW = ScopedTarget(GATEWAY_KIND, ObjectKey("shop", "gw"), "")


def clients(*allow: str) -> Clients:
    return Clients(allow=tuple(ClientAddressRange(cidr=each) for each in allow))


def ruled(*allow: str) -> Ruled:
    return Ruled("clients", clients(*allow), ObjectKey("shop", "p"), GW)


def within(network: str, bits: int) -> Range:
    return Range(network=network, bits=bits, is_peer=False)


def test_nothing_in_force_is_no_filter() -> None:
    assert entry_filters(VIEW, NOTHING) == ()


def test_overrides_and_the_default_are_one_filter() -> None:
    found = entry_filters(
        VIEW, Effective(overrides=(ruled("10.0.0.0/8"), ruled("10.0.0.0/8")), defaults=(ruled("::1"),))
    )
    rules = (
        AddressRule(allow=(within("10.0.0.0", 8),), deny=()),
        AddressRule(allow=(within("::1", 128),), deny=()),
    )
    assert found == (ClientAddresses(rules=rules),)


@pytest.mark.parametrize("cidr", ["10.0.0.1/8", "10.0.0.0/33", "1.2.3", "::g", ":::", "1.2.3.4/0/1"])
def test_no_range_closes(cidr: str) -> None:
    found = entry_filters(VIEW, Effective(overrides=(ruled("10.0.0.0/8"), ruled(cidr)), defaults=()))
    assert isinstance(found, Closed)
    assert found.path == "spec.override.clients"
    assert found.message.startswith("allow[0].cidr: ")


def test_problems_have_the_path_of_the_object() -> None:
    row: AccessPolicy = accepted(
        policy("AccessPolicy", "a", target("Gateway", "gw"), override={"clients": {"deny": [{"cidr": "10.0.0.1/8"}]}})
    )
    (problem,) = entry_problems(VIEW, row)
    assert problem.startswith('spec.override.clients.deny[0].cidr: "10.0.0.1/8" is no address range; allowed: ')
    assert isinstance(address_rule(clients("10.0.0.0/8")), AddressRule)


def cors(*origins: str, of: str = "disabled") -> Ruled:
    written = CorsSection(mode="Disabled") if of == "disabled" else CorsSection(allow_origins=origins)
    return Ruled("cors", written, ObjectKey("shop", "p"), GW)


OWN = Cors(origins=("own",), methods=(), allow_headers=(), expose_headers=(), max_age=9, credentials=False)


@pytest.mark.parametrize(
    ("overrides", "defaults", "own", "expected"),
    [
        ((), (), (OWN,), ["own"]),
        ((), (cors("a", of="default"),), (), ["a"]),
        ((), (cors("a", of="default"),), (OWN,), ["own"]),
        ((), (cors(),), (), []),
        ((cors("a", of="override"),), (), (OWN,), ["a"]),
    ],
)
def test_cors(
    overrides: tuple[Ruled, ...], defaults: tuple[Ruled, ...], own: tuple[Cors, ...], expected: list[str]
) -> None:
    found = with_cors(own, Effective(overrides=overrides, defaults=defaults))
    assert [each.origins[0] for each in found if isinstance(each, Cors)] == expected
    assert all(each.max_age in (5, 9) for each in found if isinstance(each, Cors))


def test_a_secret_that_is_missing_closes() -> None:
    basic = Ruled("basic", Basic(secret_ref=SecretRef(name="users")), ObjectKey("shop", "p"), GW)
    found = entry_filters(VIEW, Effective(overrides=(), defaults=(basic,)))
    assert isinstance(found, Closed)
    assert found.path == "spec.default.basic"
    assert found.message == 'secretRef: Secret "shop/users" does not exist'
