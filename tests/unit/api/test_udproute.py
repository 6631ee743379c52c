from tests.unit.api.documents import accepted, document, problems

RULE = {"backendRefs": [{"name": "db", "port": 5432}]}


def test_a_route() -> None:
    (rule,) = accepted(document("UDPRoute", spec={"rules": [RULE]})).spec.rules
    assert rule.backend_refs[0].port == 5432


def test_rules_and_backends_are_required() -> None:
    assert problems(document("UDPRoute", spec={})) == ["spec.rules: is required"]
    assert problems(document("UDPRoute", spec={"rules": [{"backendRefs": []}]})) == [
        "spec.rules[0].backendRefs: must not be empty"
    ]
