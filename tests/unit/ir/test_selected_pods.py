import re

from gatewayd.ir.selected_pods import SelectingService, selecting_name


def test_a_name_is_readable_where_it_can_be() -> None:
    assert selecting_name("pods") == "gatewayd-xbackend-pods"
    odd = [selecting_name(name) for name in ("a.b", "a-b", "a" * 253, "a" * 252, f"{'a' * 33}.{'b' * 99}")]
    assert len(set(odd)) == len(odd)
    assert all(re.fullmatch("[a-z]([a-z0-9-]{0,61}[a-z0-9])?", name) for name in odd)


def test_a_service_has_the_name_of_its_backend() -> None:
    wanted = SelectingService(
        namespace="shop",
        backend="pods",
        uid="u",
        selector=(),
        port=1,
        manager="gatewayd",
        is_wanted=True,
        is_there=False,
    )
    assert wanted.name == selecting_name("pods")
