import pytest

from gatewayd.api.names import (
    entry,
    is_data_key,
    is_dns_label,
    is_dns_subdomain,
    is_label_value,
    is_port_name,
    is_qualified_name,
    shown,
)
from tests.unit.api.documents import accepted, document, problems


@pytest.mark.parametrize(
    ("check", "good", "bad"),
    [
        (is_dns_label, ["a", "0", "a-b", "a" * 63], ["", "a.b", "A", "-a", "a-", "a\n", "a" * 64]),
        (is_dns_subdomain, ["a.b", "a" * 253], ["", "a..b", ".a", "a.", "a" * 254, "a\x00"]),
        (is_qualified_name, ["a", "A_b.c", "x.io/A"], ["", "/a", "a/", "X/a", "a/b/c", "a" * 64, "a\n"]),
        (is_port_name, ["a", "h2c-1", "a" * 15], ["", "80", "a--b", "A", "a" * 16]),
        (is_label_value, ["", "A_b.c"], ["-a", "a" * 64, "a\n", "a b"]),
        (is_data_key, ["tls.crt", "_", ".a"], ["", ".", "..", "..a", "a/b", "a" * 254]),
    ],
)
def test_names(check: object, good: list[str], bad: list[str]) -> None:
    assert callable(check)
    assert [text for text in good if not check(text)] == []
    assert [text for text in bad if check(text)] == []


def test_messages_show_control_characters_and_stay_short() -> None:
    assert shown("a\nb") == '"a\\nb"'
    assert shown(5) == "5"
    assert len(shown("a" * 10_000)) < 80
    assert len(shown(10**300)) < 80


def test_paths_show_control_characters_and_stay_short() -> None:
    assert entry("metadata.labels", "a.b/c") == "metadata.labels[a.b/c]"
    assert entry("data", "a\nb") == 'data["a\\nb"]'
    assert len(entry("data", "a" * 10_000)) < 80


def named(kind: str, **metadata: object) -> list[str]:
    return problems(document(kind, spec={"type": "ExternalName", "externalName": "a.example"}, metadata=metadata))


def test_object_names() -> None:
    assert problems(document("ConfigMap", metadata={"name": "a.b"})) == []
    assert problems(document("ConfigMap", metadata={})) == ["metadata.name: is required"]
    assert problems(document("ConfigMap", metadata={"name": "A"})) == [
        "metadata.name: \"A\" is not a DNS subdomain; up to 253 of a-z, 0-9, '-' and '.' are allowed"
    ]
    for kind in ("Service", "Namespace"):
        assert named(kind, name="a.b") == [
            "metadata.name: \"a.b\" is not a DNS label; up to 63 of a-z, 0-9 and '-' are allowed"
        ]


def test_labels_and_annotations() -> None:
    metadata = {"name": "a", "labels": {"-": "a b"}, "annotations": {"a/b/c": "", "ok": "a" * 300_000}}
    lines = problems(document("ConfigMap", metadata=metadata))
    assert [line.split(":")[0] for line in lines] == [
        "metadata.labels",
        "metadata.labels[-]",
        "metadata.annotations",
        "metadata.annotations",
    ]


def test_the_namespace_is_filled_in() -> None:
    assert accepted(document("ConfigMap")).metadata.namespace == "default"
    assert accepted(document("ConfigMap", metadata={"name": "x", "namespace": "shop"})).metadata.namespace == "shop"
    assert accepted(document("Namespace", metadata={"name": "x", "namespace": "shop"})).metadata.namespace == ""
    assert problems(document("ConfigMap", metadata={"name": "x", "namespace": "a.b"})) == [
        "metadata.namespace: \"a.b\" is not a namespace name; up to 63 of a-z, 0-9 and '-' are allowed"
    ]
