import pytest

from gatewayd.translator.envoy_gateway.merging import merged

ABOVE = {
    "targetRefs": [{"name": "gw"}],
    "cors": {"allowOrigins": ["https://a.example"], "maxAge": "1h"},
    "compressor": [{"type": "Gzip", "size": 1}, {"type": "Zstd", "size": 2}],
}


@pytest.mark.parametrize("kind", ["JSONMerge", "StrategicMerge"])
def test_objects_are_merged_lists_and_scalars_replaced_and_targets_stay(kind: str) -> None:
    below = {"targetRefs": [{"name": "r"}], "mergeType": kind, "cors": {"allowOrigins": ["https://b.example"]}}
    found = merged(ABOVE, below, kind)
    assert found["targetRefs"] == [{"name": "r"}]
    assert found["cors"] == {"allowOrigins": ["https://b.example"], "maxAge": "1h"}
    assert found["compressor"] == ABOVE["compressor"]


def test_null_takes_a_field_away() -> None:
    assert merged(ABOVE, {"cors": {"maxAge": None}}, "JSONMerge")["cors"] == {"allowOrigins": ["https://a.example"]}


def test_a_strategic_merge_goes_through_lists_whose_elements_have_names() -> None:
    below = {"compressor": [{"type": "Zstd", "size": 5}, {"type": "Brotli", "size": 6}]}
    codecs = merged(ABOVE, below, "StrategicMerge")["compressor"]
    assert codecs == [{"type": "Gzip", "size": 1}, {"type": "Zstd", "size": 5}, {"type": "Brotli", "size": 6}]
    assert merged(ABOVE, below, "JSONMerge")["compressor"] == below["compressor"]
    nameless = {"compressor": [{"size": 5}]}
    assert merged(ABOVE, nameless, "StrategicMerge")["compressor"] == nameless["compressor"]


def test_nothing_that_is_given_is_changed() -> None:
    before = repr(ABOVE)
    merged(ABOVE, {"cors": {"maxAge": "2h"}}, "StrategicMerge")
    assert repr(ABOVE) == before
