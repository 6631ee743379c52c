from collections.abc import Iterator

from gatewayd.api.accesspolicy import CSRF
from gatewayd.api.meta import Problem
from gatewayd.translator.envoy_gateway.taken import NOTHING_TAKEN, TakenPolicy, TakenSection, Telling


def test_what_is_told_while_sections_are_made_counts() -> None:
    telling = Telling(namespace="shop")
    section = TakenSection("csrf", CSRF(), "spec.csrf")

    def made() -> Iterator[TakenSection]:
        telling.refuse("spec.a", "no")
        yield section
        telling.differ("spec.b", "so")

    found = telling.result(made())
    assert found == TakenPolicy(
        sections=(section,),
        refused=(Problem(path="spec.a", message="no"),),
        differs=(Problem(path="spec.b", message="so"),),
    )
    assert Telling(namespace="shop").result(()) == NOTHING_TAKEN
