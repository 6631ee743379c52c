"""The cases: manifests in, statuses and resources out, as text.

A folder is an area. Its `_defaults.yaml` is there in each of its cases; a case's own manifests go before it. What a
golden shows is what the case adds to that. The proxies of a case have acknowledged everything.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path
from typing import Any

import yaml

from gatewayd.ir.http import RouteDiscovery
from gatewayd.ir.outcome import FleetReport
from gatewayd.offline.translate import offline, standalone_environment
from gatewayd.reconciler import Reconciler, fleet_delta
from gatewayd.store import Delta
from gatewayd.xds.dump import snapshot_json
from gatewayd.xds.resource import LISTENER
from tests.golden.outcome_text import outcome_texts
from tests.golden.render import rendered
from tests.unit.translator.manifests import delta

FOLDER = Path(__file__).parent
DEFAULTS = "_defaults"
KEEPING_SOURCE = "mesh-source"
"""The area whose proxies reach backends with the addresses of pods."""


BOILERPLATE = ("CDS", "LDS")
"""Types whose resources are much alike: what is as in the defaults is left out of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """An area's defaults, or a case of it."""

    area: str
    name: str

    def __str__(self) -> str:
        return f"{self.area}/{self.name}"

    @property
    def manifests(self) -> Path:
        """What comes in."""
        return FOLDER / self.area / f"{self.name}.yaml"

    @property
    def golden(self) -> Path:
        """What must come out."""
        return FOLDER / self.area / f"{self.name}.golden"

    @property
    def defaults(self) -> "Case":
        """The defaults of the area."""
        return Case(area=self.area, name=DEFAULTS)


CASES = tuple(Case(area=path.parent.name, name=path.stem) for path in sorted(FOLDER.glob("*/*.yaml")))


def objects(case: Case) -> tuple[Delta, ...]:
    """Return the objects of a case and of its defaults."""
    found = {(each.kind, each.key): each for part in (case.defaults, case) for each in _read(part.manifests)}
    return tuple(found.values())


def _read(path: Path) -> Iterator[Delta]:
    for document in yaml.safe_load_all(path.read_text(encoding="utf-8")):
        if document is not None:
            yield delta(document)


def translated(case: Case, discovery: RouteDiscovery | None = None) -> Reconciler:
    """Translate a case, and acknowledge what came of it; `discovery` None: as an installation does by itself."""
    place = replace(standalone_environment("127.0.0.1", 0, discovery), keeps_source=case.area == KEEPING_SOURCE)
    found = offline(objects(case), place)
    for gateway, snapshot in found.snapshots.items():
        acked = frozenset(snapshot.of(LISTENER))
        found.submit((fleet_delta(gateway, FleetReport(connected=1, acked_listeners=acked, rejections=())),))
    found.step()
    return found


Text = dict[str, Any]


def _output(case: Case) -> Text:
    found = translated(case)
    snapshots = {str(fleet): _shortened(snapshot_json(each)) for fleet, each in sorted(found.snapshots.items())}
    return {"outcomes": outcome_texts(found.outcomes), "snapshots": snapshots}


def _shortened(value: Any) -> Any:
    """Return a value with certificates and type names cut short."""
    if isinstance(value, Mapping):
        return {key: _shortened(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_shortened(each) for each in value]
    if isinstance(value, str) and value.startswith("-----BEGIN"):
        count, digest = value.count("-----BEGIN"), blake2b(value.encode(), digest_size=4).hexdigest()
        return f"<{count} certificates, {digest}>"
    return value.removeprefix("type.googleapis.com/") if isinstance(value, str) else value


def text(case: Case) -> str:
    """Return what the golden of a case must be."""
    found = _output(case)
    if case.name != DEFAULTS:
        found = _added(found, _output(case.defaults))
    return "\n".join(rendered(found, "")) + "\n"


def _added(found: Text, base: Text) -> Text:
    """Return what is not in the defaults' output; resources that only the defaults have stand under "gone"."""
    outcomes = {name: each for name, each in found["outcomes"].items() if each != base["outcomes"].get(name)}
    snapshots = {
        name: types
        for name, each in found["snapshots"].items()
        if (types := _added_types(name, each, base["snapshots"]))
    }
    return {"outcomes": outcomes, "snapshots": snapshots}


def _added_types(gateway: str, found: Text, base: Text) -> Text:
    own = base.get(gateway, {})
    added = {
        short: shown
        for short, resources in found.items()
        if (shown := dict(_added_resources(short, resources, own.get(short, {}), base)))
    }
    gone = {
        short: names
        for short, resources in own.items()
        if (names := [name for name in resources if name not in found.get(short, {})])
    }
    return {**added, "gone": gone} if gone else added


def _added_resources(short: str, resources: Text, own: Text, base: Text) -> Iterator[tuple[str, Any]]:
    alike = [each for types in base.values() for each in types.get(short, {}).values()]
    for name, each in resources.items():
        if each == own.get(name):
            continue
        if short in BOILERPLATE:
            yield name, _without(each, own.get(name, alike[0] if alike else {}))
        elif short == "RDS" and name in own:
            known = own[name]["virtual_hosts"]
            yield name, {"virtual_hosts": [host for host in each["virtual_hosts"] if host not in known]}
        else:
            yield name, each


def _without(value: Any, reference: Any) -> Any:
    """Return a value without what the reference has as well; null stands for what only the reference has."""
    if isinstance(value, dict) and isinstance(reference, dict) and value.get("@type") == reference.get("@type"):
        own = {key: _without(each, reference.get(key)) for key, each in value.items() if each != reference.get(key)}
        return own | {key: None for key in reference if key not in value}
    if isinstance(value, list) and isinstance(reference, list) and reference:
        return [_without(each, reference[min(at, len(reference) - 1)]) for at, each in enumerate(value)]
    return value
