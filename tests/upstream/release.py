"""A release of the Gateway API, as the Go module that it is: its CRDs and its examples. Needs Go."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from conformance.harness.crds import folder
from tests.unit.api.crd_facts import RULES, Served, facts_of, fingerprint, rule_text, schemas_in

CRDS: Final = Path("config/crd/experimental")


def served(release: str) -> tuple[Served, ...]:
    """Return the facts of every served version of every CRD of the experimental channel."""
    return tuple(row for crd in _crds(release) for row in facts_of(release, crd))


def rule_texts(release: str) -> Mapping[str, str]:
    """Return the CEL rules of a release with their messages, by fingerprint: what the facts stand for."""
    return {
        fingerprint(rule): f"{rule_text(rule)} | {rule.get('message', '')}"
        for crd in _crds(release)
        for version in crd["spec"]["versions"]
        for _, schema in schemas_in(version["schema"]["openAPIV3Schema"])
        for rule in schema.get(RULES, ())
    }


def examples(release: str, name: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the manifests in a folder of the release, each document with its file's name."""
    for path, document in _documents(_root(release) / name):
        yield path.name, document


def _root(release: str) -> Path:
    crds = folder(release)
    return crds.parents[len(CRDS.parts) - 1]


def _crds(release: str) -> Iterator[Mapping[str, Any]]:
    for _, document in _documents(_root(release) / CRDS):
        if document.get("kind") == "CustomResourceDefinition":
            yield document


def _documents(start: Path) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    for path in sorted(start.rglob("*.yaml")):
        for document in yaml.load_all(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader):
            if document:
                yield path, document
