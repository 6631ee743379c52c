"""What becomes of each object of Envoy Gateway's kinds, for people: taken, taken with another effect, refused.

In: an engine with manifests. Out: a `TakenObject` for each, and findings of targets that are not there, of which no
status tells. Nothing is judged here that the translator has not judged already.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from gatewayd.api.envoy_gateway.objects import EnvoyBackend, EnvoyProxy, EnvoyRouteFilter
from gatewayd.api.kinds import BY_STRUCT
from gatewayd.api.meta import ObjectKey
from gatewayd.explain.findings import Finding, finding
from gatewayd.incremental.engine import Engine
from gatewayd.incremental.view import Member
from gatewayd.ir.conditions import Severity
from gatewayd.ir.outcome import Outcome
from gatewayd.manifests.admission import Identity
from gatewayd.manifests.folder import PlaceOf
from gatewayd.translator.envoy_gateway.kinds import FOREIGN_KINDS, ForeignKind
from gatewayd.translator.envoy_gateway.outside import NoOutside, Outside, outside
from gatewayd.translator.envoy_gateway.proxies import proxy_settings
from gatewayd.translator.envoy_gateway.route_filters import route_filter
from gatewayd.translator.envoy_gateway.taken import Telling
from gatewayd.translator.outcomes.foreign import foreign_problems
from gatewayd.translator.outcomes.inherited import TARGET_TABLES
from gatewayd.translator.policies.effective import foreign_targets
from gatewayd.translator.policies.foreign import TakenKey, taken


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenObject:
    """An object of theirs: the fields that are `taken`, and lines on what has another effect, or is refused."""

    object: str
    taken: tuple[str, ...]
    differs: tuple[str, ...]
    refused: tuple[str, ...]

    def __str__(self) -> str:
        parts = (
            ("takes", self.taken),
            ("with another effect", tuple(each.partition(": ")[0] for each in self.differs)),
            ("refuses", tuple(each.partition(": ")[0] for each in self.refused)),
        )
        told = "; ".join(f"{word} {', '.join(paths)}" for word, paths in parts if paths)
        return f"{self.object}: {told or 'says nothing'}"


def taken_objects(engine: Engine) -> tuple[TakenObject, ...]:
    """Return what becomes of each object, by kind and name."""
    rows = ((kind, key, row) for kind in FOREIGN_KINDS.values() for key, row in engine.rows(kind.table))
    policies = (_object(engine, kind, key, row) for kind, key, row in rows)
    return tuple(sorted((*policies, *_references(engine)), key=lambda each: each.object))


def _references(engine: Engine) -> Iterator[TakenObject]:
    """Yield what becomes of what rules refer to."""
    for key, row in engine.rows(EnvoyBackend):
        found = outside(row.spec)
        is_good = isinstance(found, Outside)
        yield TakenObject(
            object=f"{BY_STRUCT[EnvoyBackend].kind} {key}",
            taken=("spec",) if is_good else (),
            differs=tuple(map(str, found.differs)) if isinstance(found, Outside) else (),
            refused=tuple(map(str, found.problems)) if isinstance(found, NoOutside) else (),
        )
    for key, proxy in engine.rows(EnvoyProxy):
        settings = proxy_settings(proxy.spec, key.namespace)
        parts = {"spec.telemetry.accessLog": settings.access_log, "spec.telemetry.tracing": settings.tracing}
        yield TakenObject(
            object=f"{BY_STRUCT[EnvoyProxy].kind} {key}",
            taken=tuple(path for path, value in parts.items() if value is not None),
            differs=tuple(map(str, settings.differs)),
            refused=tuple(map(str, settings.refused)),
        )
    for key, named in engine.rows(EnvoyRouteFilter):
        telling = Telling(namespace=key.namespace)
        route_filter(named.spec, telling)
        yield TakenObject(
            object=f"{BY_STRUCT[EnvoyRouteFilter].kind} {key}",
            taken=() if telling.refused else tuple(f"spec.{name}" for name in named.spec),
            differs=tuple(map(str, telling.differs)),
            refused=tuple(map(str, telling.refused)),
        )


def _object(engine: Engine, kind: ForeignKind, key: ObjectKey, row: object) -> TakenObject:
    member = Member(kind.table, key)
    found = [taken(engine, TakenKey(own, member, None)) for own in kind.translate]
    refused = tuple(foreign_problems(engine, member, row, kind)) if isinstance(row, kind.table) else ()
    paths = dict.fromkeys(section.path for each in found for section in each.sections)
    return TakenObject(
        object=f"{kind.name} {key}",
        taken=tuple(path for path in paths if not any(_is_of(each, path) for each in refused)),
        differs=tuple(dict.fromkeys(str(problem) for each in found for problem in each.differs)),
        refused=tuple(dict.fromkeys(refused)),
    )


def _is_of(problem: str, path: str) -> bool:
    """Return whether a problem is one of a field, or of what is below it."""
    return problem.startswith((f"{path}: ", f"{path}.", f"{path}["))


def astray(engine: Engine, outcomes: Mapping[Member, Outcome], place_of: PlaceOf) -> Iterator[Finding]:
    """Yield the targets that do not exist, and what is wrong with objects that no status is written for."""
    for kind in FOREIGN_KINDS.values():
        for key, row in engine.rows(kind.table):
            identity = Identity(BY_STRUCT[kind.table].kind, key)
            place = place_of(identity)
            for path, target in foreign_targets(engine, row):
                if engine.get(TARGET_TABLES[target.kind], target.key) is None:
                    message = f'{path}: {target.kind.kind} "{target.key}" does not exist'
                    yield finding(identity, place, Severity.ERROR, "TargetNotFound", message)
            if Member(kind.table, key) not in outcomes:
                for message in foreign_problems(engine, Member(kind.table, key), row, kind):
                    yield finding(identity, place, Severity.ERROR, "Invalid", message)
