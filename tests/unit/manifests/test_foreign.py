from gatewayd.api.meta import ObjectKey
from gatewayd.manifests.foreign import Foreign, ForeignTarget, foreign_object, written_key

GATEWAY_API = "gateway.networking.k8s.io"


def policy(**spec: object) -> Foreign:
    return foreign_object(
        {"metadata": {"name": "jwt", "namespace": "web"}, "spec": spec}, "x.example", "SecurityPolicy"
    )


def test_the_targets_of_a_policy() -> None:
    ref = {"group": GATEWAY_API, "kind": "HTTPRoute", "name": "web"}
    target = ForeignTarget(GATEWAY_API, "HTTPRoute", ObjectKey("web", "web"))
    assert policy(targetRefs=[ref]).targets == (target,)
    assert policy(targetRef=ref).targets == (target,)
    assert policy(targetRef={**ref, "namespace": "b"}).targets == (target._replace(key=ObjectKey("b", "web")),)
    assert str(policy()) == "SecurityPolicy web/jwt"


def test_what_is_no_reference_names_nothing() -> None:
    assert policy(targetRefs=[3, {"name": ["a"]}]).targets == ()
    assert policy(targetRefs={"name": "a"}).targets == ()
    assert foreign_object({"spec": []}, "x", "Y").targets == ()


def test_a_name_is_what_is_written() -> None:
    assert written_key({"metadata": {"name": "a"}}) == ObjectKey("", "a")
    assert written_key({"metadata": [], "kind": "x"}) == ObjectKey("", "")
    assert str(foreign_object({}, "x", "Y")) == "Y"
