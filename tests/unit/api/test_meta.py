from gatewayd.api.meta import GroupKind, ObjectKey, ObjectMeta, Problem
from tests.unit.api.documents import accepted, document


def test_keys_read_as_users_write_them() -> None:
    assert str(ObjectKey("shop", "cart")) == "shop/cart"
    assert str(ObjectKey("", "gatewayd")) == "gatewayd"
    assert str(GroupKind("", "Service")) == "Service"
    assert str(GroupKind("gateway.networking.k8s.io", "Gateway")) == "gateway.networking.k8s.io/Gateway"


def test_problems_name_the_field_first() -> None:
    assert str(Problem(path="spec.port", message="is required")) == "spec.port: is required"
    assert str(Problem(path="", message="must be an object")) == "must be an object"


def test_metadata_without_anything_has_defaults() -> None:
    assert ObjectMeta().key == ObjectKey("", "")
    assert ObjectMeta().deletion_timestamp is None


def test_metadata_keeps_what_is_read_and_drops_the_rest() -> None:
    source = document("Namespace")
    source["metadata"] = {
        "name": "shop",
        "labels": {"team": "a"},
        "annotations": {"note": "b"},
        "generation": 3,
        "uid": "u",
        "resourceVersion": "812",
        "creationTimestamp": "2026-01-02T03:04:05Z",
        "deletionTimestamp": None,
        "managedFields": [{"manager": "kubectl"}],
    }
    metadata = accepted(source).metadata
    assert metadata == ObjectMeta(
        name="shop",
        labels={"team": "a"},
        annotations={"note": "b"},
        generation=3,
        uid="u",
        creation_timestamp="2026-01-02T03:04:05Z",
    )


def test_shapes_do_not_change() -> None:
    metadata = ObjectMeta(name="x")
    try:
        metadata.name = "y"  # type: ignore[misc]
    except AttributeError:
        return
    raise AssertionError
