"""Writes docs/features.md from the tables in the code: `python docs/features.py`.

In: FEATURES, KINDS, REFUSED, UNSUPPORTED, CHAIN and XDS_TYPES. Out: one page of tables; nothing in it is written by
hand, so that what the page says is what the program does. tests/unit/docs/test_features.py fails when it is stale.
"""  # noqa: INP001 - a program beside the file that it writes, no package

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from gatewayd.api.kinds import KINDS, Kind
from gatewayd.api.unsupported import REFUSED, UNSUPPORTED
from gatewayd.translator.features import FEATURES, OF_MESH, Feature
from gatewayd.translator.protocols import PROTOCOLS
from gatewayd.xds.filters.chain import CHAIN
from gatewayd.xds.resource import XDS_TYPES

PAGE: Final = Path(__file__).with_name("features.md")

_HEAD: Final = """\
# What works

Made by `python docs/features.py` from the tables in the code; do not edit.
"""


def page() -> str:
    """Return the whole page."""
    sections = (
        _features(),
        _mesh_features(),
        _protocols(),
        _kinds(),
        _refused(),
        _unsupported(),
        _chain(),
        _xds_types(),
    )
    return "\n".join((_HEAD, *sections))


def _features() -> str:
    text = f"""\
{len(FEATURES)} features, by the names that the Gateway API gives them. They stand in
`GatewayClass.status.supportedFeatures`, sorted; each is shown by a test with a real Envoy, or in a
cluster by the conformance suite or a scenario."""
    return _feature_table("Features", text, FEATURES)


def _mesh_features() -> str:
    text = "What works where the parent of a route is a Service. They stand in `XMesh.status.supportedFeatures`."
    return _feature_table("Features of the mesh", text, OF_MESH)


def _feature_table(title: str, text: str, features: Iterable[Feature]) -> str:
    rows = ((each.name, f"[{each.test}](../{each.test})") for each in features)
    return _section(title, "gatewayd/translator/features.py", text, ("feature", "shown by"), rows)


def _protocols() -> str:
    text = "What each listener protocol carries, by its TLS mode."
    rows = ((row.name, mode, ", ".join(kind.kind for kind in row.kinds)) for (_, mode), row in PROTOCOLS.items())
    head = ("protocol", "TLS mode", "route kinds")
    return _section("Listener protocols", "gatewayd/translator/protocols.py", text, head, rows)


def _kinds() -> str:
    text = """\
Everything that is read. A cluster is asked for the first version; files may use any of them. `status`: gatewayd
writes the kind's status, in a cluster."""
    head = ("kind", "group", "versions", "status")
    return _section("Kinds", "gatewayd/api/kinds.py", text, head, (_kind(each) for each in KINDS))


def _kind(kind: Kind) -> tuple[str, ...]:
    return (kind.kind, kind.group, ", ".join(kind.accepted_versions), "yes" if kind.statused else "")


def _refused() -> str:
    text = "Fields that are read only to be refused: the status of the object says so."
    head = ("kind", "field", "why")
    return _section("Refused", "gatewayd/api/unsupported.py", text, head, _keyed(REFUSED))


def _unsupported() -> str:
    text = "Kinds and fields of the Gateway API that are not read at all. An empty field stands for the whole kind."
    if not UNSUPPORTED:
        text = "Kinds and fields of the Gateway API that are not read at all: there is none."
    head = ("kind", "field", "why")
    return _section("Not read", "gatewayd/api/unsupported.py", text, head, _keyed(UNSUPPORTED))


def _keyed(table: Mapping[tuple[str, str], str]) -> Iterable[tuple[str, ...]]:
    return ((kind, f"`{field}`" if field else "", why) for (kind, field), why in table.items())


def _chain() -> str:
    text = """\
The HTTP filters of every connection manager, in this order. A filter that is not always on waits for a route that
configures it, so that the first use of a feature changes a route and drains no listener."""
    rows = ((f"`{row.name}`", "yes" if row.always else "") for row in CHAIN)
    return _section("Envoy's HTTP filters", "gatewayd/xds/filters/chain.py", text, ("filter", "always on"), rows)


def _xds_types() -> str:
    text = """\
What the ADS server serves. A lower phase is made, and ACKed, before a higher one that may refer to it. `wildcard`:
Envoy subscribes to all of them without naming any. That a type stands here does not mean that snapshots use it."""
    head = ("service", "type", "phase", "wildcard")
    rows = ((row.short, f"`{row.url}`", str(row.phase), "yes" if row.wildcard else "") for row in XDS_TYPES)
    return _section("xDS types", "gatewayd/xds/resource.py", text, head, rows)


def _section(title: str, source: str, text: str, head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = (head, ("---",) * len(head), *rows)
    table = "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines)
    return f"## {title}\n\nFrom [{source}](../{source}). {text}\n\n{table}\n"


def _cell(text: str) -> str:
    return text.replace("|", r"\|")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
