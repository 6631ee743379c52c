import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewayd.ir.fleet import FleetKey, FleetKeyError, GatewayFleet, NodeFleet, fleet_key

LABELS = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?", fullmatch=True)
NAMES = st.lists(LABELS, min_size=1, max_size=3).map(".".join)
KEYS: st.SearchStrategy[FleetKey] = st.builds(GatewayFleet, namespace=LABELS, name=NAMES) | st.builds(
    NodeFleet, name=NAMES
)


@given(KEYS)
def test_what_is_written_is_read(key: FleetKey) -> None:
    assert fleet_key(str(key)) == key


@given(st.lists(KEYS))
def test_keys_are_told_apart_and_sorted_as_their_texts_are(keys: list[FleetKey]) -> None:
    assert len(set(keys)) == len({str(key) for key in keys})
    assert [str(key) for key in sorted(keys)] == sorted(map(str, keys))


def test_the_texts() -> None:
    assert str(GatewayFleet(namespace="shop", name="edge.v2")) == "shop/edge.v2"
    assert str(NodeFleet(name="worker-1.example")) == "node:worker-1.example"


@pytest.mark.parametrize(
    "text",
    [
        "", "shop", "/edge", "shop/", "shop/edge/more", "Shop/edge", "shop/ed ge", "shop/edge\n", "sh.op/edge",
        "node:", "node:Worker", "node:a/b", "NODE:a", "node:shop/edge", f"shop/{'e' * 254}", f"{'n' * 64}/edge",
    ],
)  # fmt: skip
def test_other_texts_name_no_fleet(text: str) -> None:
    with pytest.raises(FleetKeyError, match="NAMESPACE/NAME of a Gateway or node:NAME") as caught:
        fleet_key(text)
    assert not text or text not in str(caught.value).split()
