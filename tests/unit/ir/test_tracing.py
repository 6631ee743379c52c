from gatewayd.ir.tracing import KNOWN_ATTRIBUTES, TRACE_HEADERS


def test_attributes_are_named_once_and_sorted() -> None:
    assert list(KNOWN_ATTRIBUTES) == sorted(set(KNOWN_ATTRIBUTES))


def test_headers_are_in_lower_case_as_envoy_removes_them() -> None:
    assert all(name == name.lower() for name in TRACE_HEADERS)
