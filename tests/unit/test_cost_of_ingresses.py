"""What a change of an Ingress with annotations costs, as counts: the same among few and among many."""

import pytest

from gatewayd.store import Delta
from tests.unit.test_cost import Costed
from tests.unit.translator.ingress_manifests import annotated_class, ingress, noted, paths
from tests.unit.translator.manifests import SHOP, deltas

ASKING = {"auth_url": "http://cart.shop.svc.cluster.local/check"}
FEW, MANY = 20, 200


def one(number: int, path: str, host: str, **notes: str) -> tuple[Delta, ...]:
    spec = f"rules: [{{host: {host}, {paths(f'Prefix {path}')}}}]"
    return tuple(deltas(ingress(spec, name=f"i{number}", meta=noted(**notes))))


@pytest.mark.parametrize(
    ("notes", "is_shared"),
    [(ASKING, False), (ASKING, True), ({"use_regex": "true"}, True), ({"canary": "true"}, True)],
)
def test_the_others_of_a_host_or_a_class_are_not_asked_again(notes: dict[str, str], *, is_shared: bool) -> None:
    queries = []
    for count in (FEW, MANY):
        hosts = ["one.example" if is_shared else f"h{at}.example" for at in range(count + 1)]
        world = Costed(*deltas(SHOP), *deltas(annotated_class()))
        world.change(*(each for at in range(count) for each in one(at, f"/{at}", hosts[at], **notes)))
        world.change(*one(1, "/warm", hosts[1], **notes))
        edited = world.change(*one(1, "/edited", hosts[1], **notes)).queries
        added = world.change(*one(count, f"/{count}", hosts[count], **notes)).queries
        queries.append((edited, added))
    (few, many) = queries
    assert many[0] <= few[0] + 2
    assert many[1] <= few[1] + 2
