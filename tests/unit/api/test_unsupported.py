"""What is in the tables; test_crds.py holds their keys to the CRDs."""

from gatewayd.api.unsupported import REFUSED, UNSUPPORTED
from tests.unit.api.documents import problems


def test_every_row_has_a_reason() -> None:
    assert all(reason and not reason.endswith(".") for reason in (*UNSUPPORTED.values(), *REFUSED.values()))


def test_a_field_is_in_one_table() -> None:
    assert UNSUPPORTED.keys() & REFUSED.keys() == set()


def test_a_kind_that_is_not_read_is_refused() -> None:
    source = {"apiVersion": "gateway.networking.x-k8s.io/v1alpha1", "kind": "XNews", "metadata": {"name": "x"}}
    assert problems(source) == [
        'kind: "XNews" of "gateway.networking.x-k8s.io/v1alpha1" is not read; it is no kind that gatewayd knows'
    ]


def test_what_a_route_filter_does_is_not_said_to_be_refused() -> None:
    assert [path for kind, path in REFUSED if kind.endswith("Route") and path.endswith("extensionRef")] == []
