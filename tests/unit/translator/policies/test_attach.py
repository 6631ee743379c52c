from gatewayd.api.meta import GroupKind, ObjectKey
from gatewayd.incremental.scratch import Scratch
from gatewayd.translator.policies.attach import Target, applying, lost_targets, winner
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


def test_the_oldest_policy_has_the_target_then_the_first_by_name() -> None:
    assert winner(world(), WHOLE) == ObjectKey("shop", "a")
    assert winner(world(), WHOLE._replace(key=ObjectKey("shop", "nobody"))) is None
    assert winner(world(), WHOLE._replace(key=ObjectKey("blog", "cart"))) is None


def test_a_policy_for_a_port_goes_before_one_for_the_service() -> None:
    assert applying(world(), WEB) == ObjectKey("shop", "port")
    assert applying(world(), WHOLE._replace(section="other")) == ObjectKey("shop", "a")
    assert applying(world(), WHOLE) == ObjectKey("shop", "a")


def test_those_that_came_late_have_lost_their_targets() -> None:
    assert lost_targets(world(), ObjectKey("shop", "young")) == [(WHOLE, ObjectKey("shop", "a"))]
    assert lost_targets(world(), ObjectKey("shop", "b")) == [(WHOLE, ObjectKey("shop", "a"))]
    assert lost_targets(world(), ObjectKey("shop", "a")) == []
    assert lost_targets(world(), ObjectKey("shop", "port")) == []
    assert lost_targets(world(), ObjectKey("shop", "gone")) == []
