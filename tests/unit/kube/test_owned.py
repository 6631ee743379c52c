import json
from typing import Any

import pytest

from gatewayd.api.kinds import KINDS
from gatewayd.infra.objects import objects
from gatewayd.kube.applier import OWNED, PLURALS, ObjectName, name_of
from gatewayd.kube.listing import decode_page
from gatewayd.kube.owned import OURS, OWNED_KINDS, OwnedListing
from tests.fakes.documents import Json, event, page
from tests.unit.infra.gateways import EDGE, FILES

DEPLOYMENT = next(kind for kind in OWNED_KINDS if kind.kind == "Deployment")


def deployment(**more: Any) -> Json:
    metadata = {"name": "a", "namespace": "shop", "resourceVersion": "1", "labels": {"x": "y"}}
    return {"metadata": metadata, "spec": {"replicas": 1}, **more}


class Rig:
    def __init__(self) -> None:
        self.drifts: list[ObjectName] = []
        self.listing = OwnedListing(DEPLOYMENT, self.drifts.append)

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
    return found


NAME = ObjectName(api_version="apps/v1", kind="Deployment", namespace="shop", name="a")


def test_everything_that_we_make_is_watched() -> None:
    made = {(each["apiVersion"], each["kind"]) for each in objects(EDGE, FILES)}
    assert made <= {(kind.api_version, kind.kind) for kind in OWNED_KINDS}
    assert {kind.kind for kind in OWNED_KINDS} == set(PLURALS)
    assert all(name_of(each).path() for each in objects(EDGE, FILES))


def test_only_ours_are_watched_and_none_is_an_input_of_the_core() -> None:
    assert dict(OURS.query()) == {"labelSelector": f"{OWNED[0]}={OWNED[1]}"}
    assert not {kind.struct for kind in OWNED_KINDS} & {kind.struct for kind in KINDS}


def test_what_is_first_seen_has_not_drifted(rig: Rig) -> None:
    rig.hears("ADDED", deployment(metadata={"name": "b", "namespace": "shop"}))
    assert rig.drifts == []


@pytest.mark.parametrize(
    "more",
    [
        {"spec": {"replicas": 2}},
        {"spec": {"replicas": 1}, "data": {"a": "b"}},
        {"metadata": {"name": "a", "namespace": "shop", "labels": {}}},
        {"metadata": {"name": "a", "namespace": "shop", "labels": {"x": "y"}, "ownerReferences": [{"uid": "1"}]}},
    ],
)
def test_what_somebody_meant_is_drift(rig: Rig, more: Json) -> None:
    rig.hears("MODIFIED", deployment(**more))
    assert rig.drifts == [NAME]


@pytest.mark.parametrize(
    "more",
    [
        {"status": {"readyReplicas": 1}},
        {"metadata": {"name": "a", "namespace": "shop", "labels": {"x": "y"}, "resourceVersion": "2", "generation": 3}},
        {"metadata": {"name": "a", "namespace": "shop", "labels": {"x": "y"}, "managedFields": [{"manager": "kcm"}]}},
    ],
)
def test_what_comes_and_goes_by_itself_is_no_drift(rig: Rig, more: Json) -> None:
    rig.hears("MODIFIED", deployment(**more))
    assert rig.drifts == []


def test_a_deletion_is_drift(rig: Rig) -> None:
    rig.hears("DELETED", deployment())
    assert rig.drifts == [NAME]


def test_a_deletion_that_only_a_list_shows_is_drift(rig: Rig) -> None:
    rig.lists()
    assert rig.drifts == [NAME]


def test_a_change_that_only_a_list_shows_is_drift(rig: Rig) -> None:
    rig.lists(deployment(spec={"replicas": 2}))
    rig.lists(deployment(spec={"replicas": 2}))
    assert rig.drifts == [NAME]


def test_what_is_made_again_is_first_seen(rig: Rig) -> None:
    rig.hears("DELETED", deployment())
    rig.hears("ADDED", deployment(spec={"replicas": 2}))
    assert rig.drifts == [NAME]
