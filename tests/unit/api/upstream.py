"""The CRDs of Gateway API as released, from Go's module cache (fetched by `go mod download` where absent)."""

import hashlib
import json
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

MODULE = "sigs.k8s.io/gateway-api"
RELEASES = ("v1.7.0", "v1.6.3")
NEWEST = RELEASES[0]

Schema = Mapping[str, Any]


class Served(NamedTuple):
    """One served version of one CRD."""

    release: str
    group: str
    kind: str
    plural: str
    version: str
    namespaced: bool
    has_status: bool
    schema: Schema


class CELRule(NamedTuple):
    fingerprint: str
    place: str
    text: str


@cache
def module_directory(release: str) -> Path:
    go = shutil.which("go")
    if go is None:
        pytest.fail("go is not on the PATH; it is needed to fetch the CRDs of Gateway API (https://go.dev/dl/)")
    cache_directory = subprocess.run([go, "env", "GOMODCACHE"], check=True, capture_output=True, text=True)
    directory = Path(cache_directory.stdout.strip()) / f"{MODULE}@{release}"
    if directory.is_dir():
        return directory
    download = subprocess.run(
        [go, "mod", "download", "-json", f"{MODULE}@{release}"], check=False, capture_output=True, text=True
    )
    if download.returncode != 0:
        pytest.fail(f"go mod download {MODULE}@{release} failed: {download.stdout}{download.stderr}")
    return Path(json.loads(download.stdout)["Dir"])


@cache
def served(release: str) -> tuple[Served, ...]:
    """Every served version of every CRD of the experimental channel of a release."""
    return tuple(_served(release))


def _served(release: str) -> Iterator[Served]:
    for path in sorted((module_directory(release) / "config/crd/experimental").glob("*.yaml")):
        for crd in yaml.load_all(path.read_text(), Loader=yaml.CSafeLoader):
            if crd is None or crd.get("kind") != "CustomResourceDefinition":
                continue
            spec = crd["spec"]
            for version in spec["versions"]:
                if version["served"]:
                    yield Served(
                        release=release,
                        group=spec["group"],
                        kind=spec["names"]["kind"],
                        plural=spec["names"]["plural"],
                        version=version["name"],
                        namespaced=spec["scope"] == "Namespaced",
                        has_status="status" in version.get("subresources", {}),
                        schema=version["schema"]["openAPIV3Schema"],
                    )


def cel_rules(schema: Schema, place: str = "") -> Iterator[CELRule]:
    """Every CEL rule of a schema with its place, such as `spec.listeners[].tls`."""
    for rule in schema.get("x-kubernetes-validations", ()):
        text = " ".join(rule["rule"].split())
        yield CELRule(fingerprint(text, rule.get("message", "")), place, f"{text} | {rule.get('message', '')}")
    for name, member in schema.get("properties", {}).items():
        yield from cel_rules(member, f"{place}.{name}" if place else name)
    if "items" in schema:
        yield from cel_rules(schema["items"], f"{place}[]")
    if isinstance(schema.get("additionalProperties"), Mapping):
        yield from cel_rules(schema["additionalProperties"], f"{place}{{}}")


def fingerprint(text: str, message: str) -> str:
    return hashlib.sha256(f"{text}|{message}".encode()).hexdigest()[:12]


def examples(release: str, folder: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Read the manifests of a folder of the release, each document with its file's name."""
    for path in sorted((module_directory(release) / folder).rglob("*.yaml")):
        for document in yaml.load_all(path.read_text(), Loader=yaml.CSafeLoader):
            if document:
                yield path.name, document
