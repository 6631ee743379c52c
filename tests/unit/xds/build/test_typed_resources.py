import pytest

from gatewayd.xds.build.typed_resources import ResourceType
from gatewayd.xds.resource import CLUSTER, Resource, resource

ONE, TWO = (resource(CLUSTER, name, name.encode()) for name in ("one", "two"))
OTHER = resource(CLUSTER, "one", b"other")


def shown(*items: Resource) -> ResourceType:
    made = ResourceType()
    for each in items:
        made.add(each)
    made.settle()
    return made


def test_the_digest_is_of_the_content_alone() -> None:
    made = shown(ONE)
    made.add(TWO)
    made.settle()
    assert made.digest == shown(TWO, ONE).digest
    made.remove(ONE)
    made.add(OTHER)
    made.settle()
    assert made.digest == shown(OTHER, TWO).digest != shown(ONE, TWO).digest
    assert made.resources == {"one": OTHER, "two": TWO}
    for each in (OTHER, TWO):
        made.remove(each)
    made.settle()
    assert made.digest == ResourceType().digest


def test_nothing_changed_shows_the_same_mapping() -> None:
    made = shown(ONE)
    before = made.resources
    made.settle()
    assert made.resources is before


def test_names_are_given_once() -> None:
    made = shown(ONE)
    made.add(OTHER)
    with pytest.raises(ValueError, match="share this name"):
        made.settle()
    with pytest.raises(ValueError, match="share this name"):
        shown(ONE, OTHER)
