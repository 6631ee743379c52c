from gatewayd.ir.outcome import Verdict
from gatewayd.status.condition import MESSAGE_LIMIT, conditions
from tests.unit.status.shorthand import NO, YES


def test_conditions_are_the_verdicts_with_the_generation_that_they_speak_of() -> None:
    assert conditions((YES, NO), 7) == [
        {"type": "Accepted", "status": "True", "reason": "Accepted", "message": "", "observedGeneration": 7},
        {
            "type": "Accepted",
            "status": "False",
            "reason": "NoMatchingParent",
            "message": "spec.parentRefs[0]: no such listener",
            "observedGeneration": 7,
        },
    ]


def test_a_message_is_cut_to_what_the_api_server_takes() -> None:
    (found,) = conditions((Verdict(type="Accepted", status=False, reason="X", message="m" * 40_000),), 1)
    # maxLength of https://github.com/kubernetes/apimachinery/blob/master/pkg/apis/meta/v1/types.go (Condition)
    assert len(found["message"]) == MESSAGE_LIMIT == 32_768
