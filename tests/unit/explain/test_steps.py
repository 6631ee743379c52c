from gatewayd.explain.steps import Knowledge, Mark, verdict_step
from gatewayd.ir.environment import DEFAULT_ENVIRONMENT
from gatewayd.ir.outcome import Verdict
from gatewayd.manifests.documents import Place
from gatewayd.offline.translate import offline
from tests.unit.translator.manifests import member


def known(place: Place | None) -> Knowledge:
    engine = offline((), DEFAULT_ENVIRONMENT).store.engine
    return Knowledge(engine=engine, report=lambda _fleet: None, place_of=lambda _identity: place)


def test_a_field_stands_on_its_own_line() -> None:
    place = Place(file="a.yaml", line=3, text="spec:\n  rules: []\n", text_line=3, root="")
    route = member("HTTPRoute", "shop/it")

    assert known(place).place(route) == "a.yaml:3"
    assert known(place).place(route, "spec.rules") == "a.yaml:4"


def test_what_came_from_a_cluster_stands_nowhere() -> None:
    assert known(None).place(member("HTTPRoute", "shop/it")) == ""
    assert known(Place(file="a", line=1, text="", text_line=1, root="")).place(member("HTTPRoute", "shop/it")) == "a:1"


def test_a_condition_without_a_message_says_its_reason() -> None:
    step = verdict_step(1, "Conflicted", Verdict(type="Conflicted", status=False, reason="NoConflicts", message=""))

    assert (step.mark, step.says) == (Mark.GOOD, "NoConflicts")
