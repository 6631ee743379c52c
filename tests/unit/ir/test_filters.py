from gatewayd.ir.filters import Cors, Header, HeaderChanges, RequestHeaders, ResponseHeaders

CHANGES = HeaderChanges(set=(Header(name="X-A", value="1"),), add=(), remove=("x-b",))


def test_names_keep_the_case_that_the_user_wrote() -> None:
    assert Header(name="X-A", value="1") != Header(name="x-a", value="1")


def test_a_request_is_no_response() -> None:
    assert len({RequestHeaders(changes=CHANGES), ResponseHeaders(changes=CHANGES)}) == 2


def test_equal_filters_are_one_value() -> None:
    one, two = (
        Cors(origins=("*",), methods=("GET",), allow_headers=(), expose_headers=(), max_age=5, credentials=False)
        for _ in range(2)
    )
    assert {one, two} == {one}
