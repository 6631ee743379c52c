import pytest

from gatewayd.api.accesspolicy import (
    JWT,
    OIDC,
    APIKeys,
    Authorization,
    Basic,
    CallerCondition,
    ExternalAuthSection,
    Require,
    SecretRef,
    Values,
)
from gatewayd.api.inherited import PolicySection
from gatewayd.api.meta import ObjectKey
from gatewayd.translator.policies.clashes import clash
from gatewayd.translator.policies.effective import Effective, Ruled, ScopedTarget
from gatewayd.translator.protocols import GATEWAY_KIND

GW = ScopedTarget(GATEWAY_KIND, ObjectKey("shop", "gw"), "")


def way(section: str, value: PolicySection, name: str = "p") -> Ruled:
    return Ruled(section, value, ObjectKey("shop", name), GW)


def found(overrides: tuple[Ruled, ...], defaults: tuple[Ruled, ...]) -> tuple[str, str] | None:
    apart = clash(Effective(overrides=overrides, defaults=defaults))
    return None if apart is None else (apart.section, apart.why)


KEYS = way("api_keys", APIKeys(secret_refs=(SecretRef(name="keys"),)), "floor")
LOGIN, TOKENS = way("oidc", OIDC()), way("jwt", JWT())


def test_several_ways_in_are_refused() -> None:
    keys = way("api_keys", APIKeys(secret_refs=(SecretRef(name="keys"),)), "floor")
    basic = way("basic", Basic(secret_ref=SecretRef(name="users")))
    assert clash(Effective(overrides=(keys,), defaults=())) is None
    off = way("basic", Basic(mode="Disabled"))
    assert clash(Effective(overrides=(keys,), defaults=(off,))) is None
    found = clash(Effective(overrides=(keys,), defaults=(basic,)))
    assert found is not None
    assert (found.section, found.why.partition(";")[0]) == (
        "basic",
        'stands beside apiKeys of AccessPolicy "shop/floor"',
    )


@pytest.mark.parametrize(("overrides", "defaults", "section"), [
    ((), (LOGIN, TOKENS), None),
    ((LOGIN, TOKENS), (), None),
    ((TOKENS._replace(policy=ObjectKey("shop", "other")),), (LOGIN,), None),
    ((LOGIN,), (TOKENS._replace(policy=ObjectKey("shop", "other")),), "jwt"),
    ((), (LOGIN, way("jwt", JWT(optional=True))), "jwt"),
    ((), (way("oidc", OIDC(forward_access_token=True)), TOKENS), "oidc"),
    ((), (LOGIN, KEYS), "api_keys"),
])  # fmt: skip
def test_a_login_goes_together_with_tokens(
    overrides: tuple[Ruled, ...], defaults: tuple[Ruled, ...], section: str | None
) -> None:
    apart = found(overrides, defaults)
    assert (None if apart is None else apart[0]) == section


def test_claims_are_those_of_tokens() -> None:
    condition = CallerCondition(claims=(Values(name="sub", values=("ann",)),))
    asks = way("authorization", Authorization(allow=(condition,)))
    assert found((), (asks, LOGIN)) == ("authorization", "asks for claims, and no section jwt is in force")
    assert found((), (asks, TOKENS)) is None


def test_authentication_that_is_required() -> None:
    floor = way("require", Require(what="Authentication"), "floor")
    keys = way("api_keys", APIKeys(secret_refs=(SecretRef(name="keys"),)))
    for default, section in (
        (None, "require"),
        (way("jwt", JWT(optional=True)), "require"),
        (way("jwt", JWT(mode="Disabled")), "require"),
        (way("jwt", JWT()), None),
        (keys, None),
        (LOGIN, None),
        (way("external_auth", ExternalAuthSection(fail_open=True)), "require"),
        (way("external_auth", ExternalAuthSection()), None),
    ):
        found = clash(Effective(overrides=(floor,), defaults=() if default is None else (default,)))
        assert (found.section if found is not None else None) == section
