import re

import pytest

from gatewayd.ir.infrastructure import DEFAULT_PARAMETERS, Infrastructure, Resources, label_value, object_name

NAMES = ["gw", "a" * 253, "a" * 40 + ".b", "a.b.c", "9lives", "x" * 39 + "-.y"]


@pytest.mark.parametrize("name", NAMES)
def test_the_name_of_a_gateways_objects_is_one_that_a_service_can_have(name: str) -> None:
    found = object_name("shop", name)
    assert len(found) <= 63
    assert re.fullmatch(r"[a-z]([-a-z0-9]*[a-z0-9])?", found)
    assert found.startswith("gatewayd-")


def test_names_that_shortening_makes_alike_are_kept_apart() -> None:
    names = {object_name("shop", "a" * 50), object_name("shop", "a" * 51), object_name("shop", "a-b")}
    assert len(names | {object_name("shop", "a.b"), object_name("blog", "a.b")}) == 5


def test_a_name_can_be_recognised() -> None:
    assert object_name("shop", "public").startswith("gatewayd-public-")


@pytest.mark.parametrize("name", NAMES)
def test_a_label_can_hold_the_name(name: str) -> None:
    found = label_value(name)
    assert len(found) <= 63
    assert re.fullmatch(r"[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?", found)
    assert found == name or len(name) > 63


def test_the_objects_of_a_gateway_share_a_name() -> None:
    made = Infrastructure(
        namespace="shop",
        name="gw",
        uid="",
        ports=(),
        labels=(),
        annotations=(),
        withheld=(),
        addresses=(),
        per_host="",
        parameters=DEFAULT_PARAMETERS,
    )
    assert made.object_name == object_name("shop", "gw")


def test_a_limit_of_memory_is_told_in_bytes() -> None:
    assert Resources(requests=(), limits=(("memory", "128Mi"),)).memory_limit == 128 * 1024 * 1024
    assert Resources(requests=(("memory", "1Gi"),), limits=(("cpu", "1"),)).memory_limit is None
