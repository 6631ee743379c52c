from gatewayd.api.accesspolicy import Basic
from gatewayd.api.inherited import PolicySection
from gatewayd.api.meta import ObjectKey
from gatewayd.translator.policies.closed import closed
from gatewayd.translator.policies.effective import UNREADABLE, Effective, Ruled, ScopedTarget
from gatewayd.translator.protocols import GATEWAY_KIND

GW = ScopedTarget(GATEWAY_KIND, ObjectKey("shop", "gw"), "")
BASIC = Ruled("basic", Basic(), ObjectKey("shop", "p"), GW)
MISSING = 'secretRef: Secret "shop/users" does not exist'


def test_a_route_is_told_the_section_and_not_what_is_wrong_with_it() -> None:
    told = closed(Effective(overrides=(), defaults=(BASIC,)), BASIC, MISSING)
    assert (told.path, told.message) == ("spec.default.basic", MISSING)
    assert str(told) == 'AccessPolicy "shop/p" cannot be honoured at spec.default.basic; its status says why'


def test_what_does_not_go_together_is_told_whole_since_no_policy_says_it() -> None:
    told = closed(Effective(overrides=(BASIC,), defaults=()), BASIC, "stands beside jwt", is_apart=True)
    assert str(told) == 'AccessPolicy "shop/p": spec.override.basic: stands beside jwt'


def test_of_a_policy_that_cannot_be_read_nothing_more_is_known() -> None:
    unreadable = Ruled(UNREADABLE, PolicySection(), ObjectKey("shop", "p"), GW)
    told = closed(Effective(overrides=(unreadable,), defaults=()), unreadable, "cannot be read")
    assert told.path == "spec"
