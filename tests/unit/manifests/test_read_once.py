from pathlib import Path

import pytest

from gatewayd.manifests.read_once import STDIN_NAME, NoManifestsError, parse, read_documents, read_paths
from tests.unit.example import SHOP


def kinds(paths: list[Path]) -> list[str]:
    return sorted(delta.kind.__name__ for delta in read_paths(paths).deltas)


def test_a_folder_is_read_with_all_below_it(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "shop.yaml").write_text(SHOP)
    (tmp_path / "notes.txt").write_text("not read")

    found = read_paths([tmp_path])

    assert {"Gateway", "HTTPRoute", "Service", "EndpointSlice"} <= {delta.kind.__name__ for delta in found.deltas}
    assert (found.problems, found.ignored) == ((), ())


def test_files_are_read_whatever_they_are_called(tmp_path: Path) -> None:
    (tmp_path / "shop").write_text(SHOP)

    assert "HTTPRoute" in kinds([tmp_path / "shop"])


def test_what_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(NoManifestsError, match="there is no such file or folder"):
        read_paths([tmp_path / "nowhere"])


def test_problems_name_the_file_and_the_line() -> None:
    found = parse({STDIN_NAME: b"kind: HTTPRoute\napiVersion: gateway.networking.k8s.io/v1\n"})

    assert str(found.problems[0]) == "<stdin>:1: metadata: is missing; every object has metadata.name"


def test_documents_are_read_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("{apiVersion: example.com/v1, kind: Strange, metadata: {name: a}}")
    (tmp_path / "b.yaml").write_text("a: [")

    parsed = read_documents([tmp_path, tmp_path / "a.yaml"])

    assert [(each.place.file, each.value["kind"]) for each in parsed.documents] == [(f"{tmp_path}/a.yaml", "Strange")]
    assert [each.file for each in parsed.problems] == [f"{tmp_path}/b.yaml"]
    with pytest.raises(NoManifestsError):
        read_documents([tmp_path / "nowhere"])
