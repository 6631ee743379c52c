from gatewayd.translator.problems import Unresolved, Unsupported, unresolved_verdict


def test_the_first_unresolved_reference_gives_the_reason_and_all_give_messages() -> None:
    problems = (Unresolved("BackendNotFound", "a"), Unresolved("RefNotPermitted", "b"), Unresolved("InvalidKind", "a"))
    found = unresolved_verdict(problems)
    assert found is not None
    assert (found.type, found.status, found.reason) == ("ResolvedRefs", False, "BackendNotFound")
    assert found.message == "a; b"


def test_unsupported_is_not_unresolved() -> None:
    assert unresolved_verdict([Unsupported("x")]) is None
