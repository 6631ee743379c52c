import yaml

from gatewayd.infra.manifest import manifest


def test_documents_come_in_order_with_their_keys_in_order() -> None:
    assert manifest(({"kind": "B", "a": 1}, {"kind": "A"})) == "---\nkind: B\na: 1\n---\nkind: A\n"


def test_what_is_used_twice_is_written_twice() -> None:
    shared = {"app": "envoy"}
    text = manifest(({"labels": shared, "selector": shared},))
    assert "&" not in text
    assert yaml.safe_load(text) == {"labels": {"app": "envoy"}, "selector": {"app": "envoy"}}


def test_strings_that_look_like_something_else_stay_strings() -> None:
    tricky = {"a": "true", "b": "1", "c": "", "d": "x: y", "e": "{{ no }}", "f": "\n"}
    assert yaml.safe_load(manifest((tricky,))) == tricky
