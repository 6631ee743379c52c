from typing import Any

from gatewayd.ir.outcome import ParametersOutcome, ParentOutcome, Reference, Verdict
from gatewayd.status.merge import merge

CONTROLLER = "gatewayd.io/controller"
THEIRS = {
    "ancestorRef": {"group": "gateway.networking.k8s.io", "kind": "Gateway", "namespace": "shop", "name": "theirs"},
    "conditions": [{"type": "Accepted", "status": "True", "reason": "Accepted", "message": "EnvoyProxy is accepted."}],
}


def outcome(*names: str, message: str = "") -> ParametersOutcome:
    group = "gateway.networking.k8s.io"
    refs = [
        Reference(group=group, kind="Gateway", namespace="shop", name=name, section=None, port=None) for name in names
    ]
    verdict = Verdict(type="Accepted", status=not message, reason="Accepted", message=message)
    ancestors = tuple(ParentOutcome(ref=each, verdicts=(verdict,)) for each in refs)
    return ParametersOutcome(generation=3, ancestors=ancestors)


def written(live: dict[str, Any], found: ParametersOutcome | None, now: str = "1") -> Any:
    return merge(live, found, now=now, controller=CONTROLLER)


def test_entries_have_no_controller_but_begin_with_its_name() -> None:
    status = written({}, outcome("gw", message="spec.x: wrong"))
    [entry] = status["ancestors"]
    assert entry["ancestorRef"]["name"] == "gw"
    assert "controllerName" not in entry
    [condition] = entry["conditions"]
    assert condition["message"] == f"{CONTROLLER}: spec.x: wrong"
    assert (condition["status"], condition["observedGeneration"]) == ("False", 3)


def test_those_of_others_stay_and_ours_change_and_go() -> None:
    status = written({"ancestors": [THEIRS]}, outcome("gw", "other"))
    assert [each["ancestorRef"]["name"] for each in status["ancestors"]] == ["theirs", "gw", "other"]
    assert written(status, outcome("gw", "other"), now="2") is None
    fewer = written(status, outcome("other"), now="2")
    assert [each["ancestorRef"]["name"] for each in fewer["ancestors"]] == ["theirs", "other"]
    assert written(fewer, None) == {"ancestors": [THEIRS]}
