from gatewayd.api.backendtlspolicy import BackendTLSPolicy
from gatewayd.api.meta import GroupKind, ObjectKey
from gatewayd.api.xbackendtrafficpolicy import XBackendTrafficPolicy
from gatewayd.incremental.scratch import Scratch
from gatewayd.translator.policies.attach import (
    XBACKEND_KIND,
    Claim,
    Target,
    applying,
    astray,
    lost_targets,
    policy_row,
    strays,
    winner,
)
from tests.unit.translator.manifests import scratch

SERVICE = GroupKind("", "Service")
WHOLE = Target(SERVICE, ObjectKey("shop", "cart"), "")
WEB = WHOLE._replace(section="web")


def policy(name: str, created: str, *targets: str) -> str:
    listed = ", ".join(f"{{group: '', kind: Service, {each}}}" for each in targets)
    return f"""
        kind: BackendTLSPolicy
        metadata: {{name: {name}, namespace: shop, creationTimestamp: "{created}T00:00:00Z"}}
        spec:
          targetRefs: [{listed}]
          validation: {{hostname: a.example, wellKnownCACertificates: System}}
    """


def world() -> Scratch:
    return scratch(
        policy("young", "2026-02-01", "name: cart"),
        policy("b", "2026-01-01", "name: cart"),
        policy("a", "2026-01-01", "name: cart", "name: other"),
        policy("port", "2026-03-01", "name: cart, sectionName: web"),
    )


def wins(target: Target) -> str | None:
    found = winner(world(), Claim(BackendTLSPolicy, target))
    return None if found is None else found.name


def applies(target: Target) -> str | None:
    found = applying(world(), Claim(BackendTLSPolicy, target))
    return None if found is None else found.name


def lost(name: str) -> list[tuple[Target, ObjectKey]]:
    row = policy_row(world(), BackendTLSPolicy, ObjectKey("shop", name))
    assert row is not None
    return lost_targets(world(), row)


def test_the_oldest_policy_has_the_target_then_the_first_by_name() -> None:
    assert wins(WHOLE) == "a"
    assert wins(WHOLE._replace(key=ObjectKey("shop", "nobody"))) is None
    assert wins(WHOLE._replace(key=ObjectKey("blog", "cart"))) is None


def test_kinds_of_policies_do_not_compete() -> None:
    assert winner(world(), Claim(XBackendTrafficPolicy, WHOLE)) is None


def test_a_policy_for_a_port_goes_before_one_for_the_service() -> None:
    assert applies(WEB) == "port"
    assert applies(WHOLE._replace(section="other")) == "a"
    assert applies(WHOLE) == "a"


def test_those_that_came_late_have_lost_their_targets() -> None:
    assert lost("young") == lost("b") == [(WHOLE, ObjectKey("shop", "a"))]
    assert lost("a") == lost("port") == []


def test_a_policy_that_is_not_there() -> None:
    assert policy_row(world(), BackendTLSPolicy, ObjectKey("shop", "gone")) is None
    assert policy_row(world(), XBackendTrafficPolicy, ObjectKey("shop", "a")) is None


def test_a_policy_for_another_kind_of_the_same_name_is_not_for_this() -> None:
    assert wins(WHOLE._replace(kind=XBACKEND_KIND)) is None


CART = "kind: Service\nmetadata: {name: cart, namespace: shop}\nspec: {ports: [{name: web, port: 80}]}"


def lost_of(*targets: str, service: str = CART) -> list[tuple[str, str, str]]:
    view = scratch(policy("p", "2026-01-01", *targets), *([service] if service else []))
    row = policy_row(view, BackendTLSPolicy, ObjectKey("shop", "p"))
    assert row is not None
    return [(each.target.section, each.verdict.reason, each.verdict.message) for each in strays(view, row)]


def test_what_is_there_is_no_stray() -> None:
    assert lost_of("name: cart") == lost_of("name: cart, sectionName: web") == []


def test_targets_that_are_not_there() -> None:
    assert lost_of("name: cart, sectionName: web", "name: cart, sectionName: nope", "name: other") == [
        (
            "nope",
            "TargetNotFound",
            'spec.targetRefs[1].sectionName: Service "shop/cart" has no port named "nope"; ports: web',
        ),
        ("", "TargetNotFound", 'spec.targetRefs[2]: Service "shop/other" does not exist'),
    ]
    assert [each[2] for each in lost_of("name: cart, sectionName: web", service=CART.replace("name: web, ", ""))] == [
        'spec.targetRefs[0].sectionName: Service "shop/cart" has no port named "web"; ports: none has a name'
    ]
    assert [each[1] for each in lost_of("name: cart, sectionName: web", service="")] == ["TargetNotFound"]


def test_a_kind_without_policies() -> None:
    row = policy("p", "2026-01-01", "name: cart").replace("kind: Service", "kind: Pod")
    view = scratch(row)
    found = policy_row(view, BackendTLSPolicy, ObjectKey("shop", "p"))
    assert found is not None
    [(_, verdict)] = strays(view, found)
    assert (verdict.reason, verdict.message) == (
        "Invalid",
        "spec.targetRefs[0]: kind Pod is not supported; allowed: Service, multicluster.x-k8s.io/ServiceImport",
    )


def test_the_policy_that_has_lost_its_section_is_found_by_its_service() -> None:
    claim = Claim(BackendTLSPolicy, WHOLE)
    view = scratch(CART, policy("p", "2026-01-01", "name: cart, sectionName: nope", "name: other"))
    found = astray(view, claim)
    assert found is not None
    assert "sectionName" in found.message
    assert astray(view, claim._replace(target=WHOLE._replace(key=ObjectKey("shop", "other")))) is None
    assert astray(view, claim._replace(table=XBackendTrafficPolicy)) is None
    assert astray(scratch(CART, policy("p", "2026-01-01", "name: cart")), claim) is None
