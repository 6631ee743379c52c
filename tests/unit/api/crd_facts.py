"""What the CRDs of the Gateway API say, kept as facts: kinds, fields, types, limits, defaults, fingerprints of rules.

`crds/RELEASE.json` holds them, so that the structs are tested without Go; `python -m tests.upstream.write`
writes the files out of the releases, and `make upstream` compares them. Descriptions and the text of CEL rules are not
kept: a rule is the first 12 hex digits of the SHA-256 of its text, white space normalised, "|" and its message.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

RELEASES: Final = ("v1.7.0", "v1.6.3")
NEWEST: Final = RELEASES[0]
FOLDER: Final = Path(__file__).with_name("crds")
RULES: Final = "x-kubernetes-validations"

Schema = Mapping[str, Any]


class Served(NamedTuple):
    """One served version of one CRD; in its schema a CEL rule is a fingerprint."""

    release: str
    group: str
    kind: str
    plural: str
    version: str
    namespaced: bool
    has_status: bool
    schema: Schema


class CELRule(NamedTuple):
    """A CEL rule and the place that it stands at, such as `spec.listeners[].tls`."""

    fingerprint: str
    place: str


@cache
def served(release: str) -> tuple[Served, ...]:
    """Return every served version of every CRD of the experimental channel of a release."""
    kept = json.loads(path_of(release).read_text(encoding="utf-8"))
    return tuple(Served(release, **{**row, "schema": kept["schemas"][row["schema"]]}) for row in kept["served"])


def path_of(release: str) -> Path:
    return FOLDER / f"{release}.json"


def text_of(rows: Sequence[Served]) -> str:
    """Write rows as a file of facts; versions whose schemas are equal share one."""
    schemas: dict[str, Schema] = {}
    shown: list[dict[str, Any]] = []
    for row in rows:
        name = _digest(json.dumps(row.schema, sort_keys=True))
        schemas[name] = row.schema
        fields = {**row._asdict(), "schema": name}
        del fields["release"]
        shown.append(fields)
    return json.dumps({"served": shown, "schemas": schemas}, indent=1, sort_keys=True) + "\n"


def facts_of(release: str, crd: Mapping[str, Any]) -> Iterator[Served]:
    """Yield the facts of a CRD, a row for each served version."""
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
                schema=_bare(version["schema"]["openAPIV3Schema"]),
            )


def _bare(schema: Schema) -> Schema:
    """Take descriptions out of a schema and put fingerprints in place of rules."""
    kept = {key: value for key, value in schema.items() if key != "description"}
    if RULES in kept:
        kept[RULES] = [fingerprint(rule) for rule in kept[RULES]]
    if "properties" in kept:
        kept["properties"] = {name: _bare(below) for name, below in kept["properties"].items()}
    for key in ("items", "additionalProperties"):
        if isinstance(kept.get(key), Mapping):
            kept[key] = _bare(kept[key])
    return kept


def fingerprint(rule: Mapping[str, str]) -> str:
    """Return the name of a CEL rule: the same for the same text and message, whatever the white space."""
    return _digest(f"{rule_text(rule)}|{rule.get('message', '')}")


def rule_text(rule: Mapping[str, str]) -> str:
    return " ".join(rule["rule"].split())


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def schemas_in(schema: Schema, place: str = "") -> Iterator[tuple[str, Schema]]:
    """Yield a schema and all below it, each with its place."""
    yield place, schema
    for name, member in schema.get("properties", {}).items():
        yield from schemas_in(member, f"{place}.{name}" if place else name)
    if "items" in schema:
        yield from schemas_in(schema["items"], f"{place}[]")
    if isinstance(schema.get("additionalProperties"), Mapping):
        yield from schemas_in(schema["additionalProperties"], f"{place}{{}}")


def cel_rules(schema: Schema) -> Iterator[CELRule]:
    """Yield every CEL rule of a schema."""
    for place, below in schemas_in(schema):
        for name in below.get(RULES, ()):
            yield CELRule(name, place)
