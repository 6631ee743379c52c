import json
from typing import Any

import pytest

from gatewayd.api.gateway import MANAGED_BY
from gatewayd.api.kinds import KINDS
from gatewayd.api.meta import ObjectKey
from gatewayd.infra.made_kinds import BY_NAME
from gatewayd.infra.objects import objects
from gatewayd.ir.infrastructure import object_name
from gatewayd.kube.listing import decode_page
from gatewayd.kube.made_object import ObjectName, name_of
from gatewayd.kube.owned_watch import OWNED_KINDS, OwnedListing, OwnedObjects, owned_by
from gatewayd.own_group import MANAGER
from tests.fakes.documents import Json, event, page
from tests.unit.infra.gateways import EDGE, FILES

DEPLOYMENT = next(kind for kind in OWNED_KINDS if kind.kind == "Deployment")
GATEWAY = ObjectKey("shop", "gw")
OWNER = {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "name": "gw", "uid": "u"}
NAME = ObjectName(api_version="apps/v1", kind="Deployment", namespace="shop", name=object_name("shop", "gw"))
LABELS = {MANAGED_BY: MANAGER, "x": "y"}
META: Json = {
    "name": NAME.name,
    "namespace": "shop",
    "resourceVersion": "1",
    "labels": LABELS,
    "ownerReferences": [OWNER],
}


def deployment(**more: Any) -> Json:
    return {"metadata": META, "spec": {"replicas": 1}, **more}


def annotated(value: str, manager: str = "gatewayd") -> Json:
    """Return one with an annotation, and whose field that is."""
    fields = {"f:metadata": {"f:annotations": {".": {}, "f:pool": {}}}}
    managed = [{"manager": manager, "operation": "Apply", "fieldsV1": fields}]
    return deployment(metadata=META | {"annotations": {"pool": value}, "managedFields": managed})


class Rig:
    """A listing of Deployments, and who hears of them."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.objects = OwnedObjects(self)
        self.listing = OwnedListing(DEPLOYMENT, self.objects, MANAGER)

    def complete(self) -> None:
        self.told.append("complete")

    def appeared(self, gateway: ObjectKey, name: ObjectName) -> None:
        assert (gateway, name) == (GATEWAY, NAME)
        self.told.append("appeared")

    def drifted(self, gateway: ObjectKey) -> None:
        assert gateway == GATEWAY
        self.told.append("drifted")

    def lists(self, *found: Json) -> None:
        self.listing.begin()
        assert list(self.listing.page(decode_page(json.dumps(page(*found))))) == []
        assert list(self.listing.listed("5")) == []

    def hears(self, kind: str, document: Json) -> None:
        assert list(self.listing.event(json.dumps(event(kind, document)).encode())) == []


@pytest.fixture
def rig() -> Rig:
    found = Rig()
    found.lists(deployment())
    assert found.told == ["appeared"]
    found.told.clear()
    return found


def test_everything_that_we_make_is_watched() -> None:
    made = {(each["apiVersion"], each["kind"]) for each in objects(EDGE, FILES)}
    assert made <= {(kind.api_version, kind.kind) for kind in OWNED_KINDS}
    assert {kind.kind for kind in OWNED_KINDS} == set(BY_NAME)
    assert all(name_of(each).path() for each in objects(EDGE, FILES))


def test_only_ours_are_watched_and_none_is_an_input_of_the_core() -> None:
    assert dict(owned_by(MANAGER).query()) == {"labelSelector": f"{MANAGED_BY}=gatewayd"}
    assert not {kind.struct for kind in OWNED_KINDS} & {kind.struct for kind in KINDS}


@pytest.mark.parametrize(
    "more",
    [
        {"spec": {"replicas": 2}},
        {"spec": {"replicas": 1}, "data": {"a": "b"}},
        {"metadata": META | {"labels": {}}},
        {"metadata": META | {"ownerReferences": []}},
        {"metadata": META | {"ownerReferences": [OWNER | {"uid": "1"}]}},
    ],
)
def test_what_somebody_meant_is_drift(rig: Rig, more: Json) -> None:
    rig.hears("MODIFIED", deployment(**more))
    assert rig.told == ["drifted"]


@pytest.mark.parametrize(
    "more",
    [
        {"status": {"readyReplicas": 1}},
        {"metadata": META | {"resourceVersion": "2", "generation": 3}},
        {"metadata": META | {"managedFields": [{"manager": "kcm"}]}},
        {"metadata": META | {"annotations": {"deployment.kubernetes.io/revision": "2"}}},
    ],
)
def test_what_comes_and_goes_by_itself_is_no_drift(rig: Rig, more: Json) -> None:
    rig.hears("MODIFIED", deployment(**more))
    assert rig.told == []


@pytest.mark.parametrize(
    ("after", "told"),
    [
        (annotated("red", "kubectl-annotate"), ["drifted"]),
        (annotated("red"), ["drifted"]),
        (deployment(), ["drifted"]),
        (annotated("blue"), []),
    ],
)
def test_an_annotation_of_ours_that_somebody_overwrites_or_removes_is_drift(after: Json, told: list[str]) -> None:
    rig = Rig()
    rig.lists(annotated("blue"))
    rig.told.clear()
    rig.hears("MODIFIED", after)
    assert rig.told == told


def test_an_annotation_of_somebody_else_is_no_drift() -> None:
    rig = Rig()
    rig.lists(annotated("blue", "kubectl-annotate"))
    rig.told.clear()
    rig.hears("MODIFIED", annotated("red", "kubectl-annotate"))
    assert rig.told == []


def test_a_deletion_is_drift(rig: Rig) -> None:
    rig.hears("DELETED", deployment())
    assert rig.told == ["drifted"]


def test_a_deletion_that_only_a_list_shows_is_drift(rig: Rig) -> None:
    rig.lists()
    assert rig.told == ["drifted"]


def test_a_change_that_only_a_list_shows_is_drift(rig: Rig) -> None:
    rig.lists(deployment(spec={"replicas": 2}))
    rig.lists(deployment(spec={"replicas": 2}))
    assert rig.told == ["drifted"]


def test_what_is_made_again_is_first_seen(rig: Rig) -> None:
    rig.hears("DELETED", deployment())
    rig.hears("ADDED", deployment(spec={"replicas": 2}))
    assert rig.told == ["drifted", "appeared"]


def test_what_there_is_is_known_by_the_gateway_that_it_was_made_for(rig: Rig) -> None:
    assert (rig.objects.gateways(), rig.objects.made_for(GATEWAY)) == ((GATEWAY,), {NAME})
    rig.hears("MODIFIED", deployment(metadata=META | {"ownerReferences": []}))
    assert rig.objects.made_for(GATEWAY) == frozenset()
    rig.hears("MODIFIED", deployment())
    assert rig.objects.made_for(GATEWAY) == {NAME}
    rig.hears("DELETED", deployment())
    assert (rig.objects.gateways(), rig.objects.made_for(GATEWAY)) == ((), frozenset())


def test_what_somebody_else_made_is_made_for_nobody() -> None:
    rig = Rig()
    rig.lists(
        deployment(metadata=META | {"labels": {}}),
        deployment(metadata=META | {"labels": {MANAGED_BY: "gatewayd.red.example_gatewayd"}}),
        deployment(metadata=META | {"name": "copy"}),
        deployment(metadata=META | {"namespace": "elsewhere"}),
    )
    assert (rig.told, rig.objects.gateways()) == ([], ())


def test_it_is_told_once_when_every_kind_has_been_listed() -> None:
    rig = Rig()
    for kind in OWNED_KINDS:
        assert not rig.objects.complete
        listing = OwnedListing(kind, rig.objects, MANAGER)
        listing.begin()
        assert list(listing.listed("1")) == []
    assert rig.objects.complete
    rig.lists()
    assert rig.told == ["complete"]
