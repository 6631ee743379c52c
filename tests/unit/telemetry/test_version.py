from importlib import metadata

import pytest

from gatewayd.telemetry.version import installed_version


def test_it_is_that_of_the_installed_package() -> None:
    assert installed_version() == metadata.version("gatewayd")


def test_a_bare_source_tree_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", missing)
    assert installed_version() == "unknown"
