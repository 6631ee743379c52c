from gatewayd.diff.compare import gateway_changes
from gatewayd.introspection.published import (
    PublishedResource,
    ResourceChoice,
    choice_asked,
    choice_request,
    chosen,
    published,
    published_decoded,
    published_encoded,
    snapshots_of,
)
from gatewayd.xds.resource import LISTENER
from tests.unit.introspection.answering import ROUTE, run_answers


def names(choice: ResourceChoice) -> list[tuple[str, str, str]]:
    snapshots = run_answers(ROUTE).reconciler.snapshots
    return [(str(fleet), short, resource.name) for fleet, short, resource in chosen(snapshots, choice)]


def test_everything_is_told_unless_a_part_is_named() -> None:
    assert {short for _, short, _ in names(ResourceChoice())} >= {"CDS", "EDS", "RDS", "LDS"}
    assert {short for _, short, _ in names(ResourceChoice(type="cds"))} == {"CDS"}
    assert names(ResourceChoice(gateway="shop/other")) == []
    assert all("cart" in name for _, _, name in names(ResourceChoice(name="cart")))


def test_content_is_told_when_it_is_asked_for() -> None:
    choice = ResourceChoice(type="LDS")
    (wanted,) = chosen(run_answers(ROUTE).reconciler.snapshots, choice)

    assert published(*wanted, choice).content["name"] == "tcp-80"
    assert published(*wanted, ResourceChoice(type="LDS", with_content=False)).content is None


def test_messages_come_through_as_they_were() -> None:
    choice = ResourceChoice(gateway="shop/gw", type="RDS", name="a", with_content=False)
    resources = (
        PublishedResource(gateway="shop/gw", type="RDS", name="8080", version="1", content={"name": "8080"}),
        PublishedResource(gateway="shop/gw", type="SDS", name="s", version="2", content=None),
    )

    assert choice_asked(choice_request(choice)) == choice
    assert published_decoded(published_encoded(resources[:1]) + published_encoded(resources[1:])) == resources


def test_snapshots_are_put_together_again_but_for_what_is_private() -> None:
    snapshots = run_answers(ROUTE).reconciler.snapshots
    told = [published(*each, ResourceChoice()) for each in chosen(snapshots, ResourceChoice())]

    ((fleet, again),) = snapshots_of(told).items()

    assert {each.name: each.version for each in again.of(LISTENER).values()} == {
        each.name: each.version for each in snapshots[fleet].of(LISTENER).values()
    }
    assert [each.resources for each in gateway_changes(snapshots, {fleet: again}) if each.resources] == []
