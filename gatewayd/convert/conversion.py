"""All that was written for others, as what gatewayd serves, and a report of what became of each field.

In: documents of files. Out: a `Conversion`. What would not be taken is not written: each object is read again as
gatewayd reads it, and one that is refused is lost.
"""

from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from gatewayd.api.core import Service
from gatewayd.api.decode import Decoded, decode
from gatewayd.api.meta import ObjectKey, Problem
from gatewayd.convert.contour.conversion import GROUP as CONTOUR
from gatewayd.convert.contour.conversion import contour_draft
from gatewayd.convert.contour.model import ContourModel
from gatewayd.convert.contour.probes import probes as contour_probes
from gatewayd.convert.draft import GatewayTarget, together
from gatewayd.convert.envoy_gateway.conversion import envoy_gateway_draft
from gatewayd.convert.fates import Fidelity, Item
from gatewayd.convert.gateway_api.conversion import old_api_draft
from gatewayd.convert.ingress.conversion import ingress_draft, ingress_parts
from gatewayd.convert.ingress.model import IngressModel
from gatewayd.convert.ingress.probes import probes as ingress_probes
from gatewayd.convert.istio.conversion import GROUP as ISTIO
from gatewayd.convert.istio.conversion import istio_draft
from gatewayd.convert.istio.model import IstioModel
from gatewayd.convert.istio.probes import probes as istio_probes
from gatewayd.convert.journeys import LostFields, SourceModel, all_models
from gatewayd.convert.objects import objects
from gatewayd.convert.rule_faults import MendedRoute, filter_faults, mended
from gatewayd.convert.source import SourceObject, source_object
from gatewayd.convert.unread import unread
from gatewayd.manifests.admission import Admitted, Identity, RefusedObject, admit
from gatewayd.manifests.documents import Document

JSONObject = dict[str, Any]

_UNWRITTEN: Final = "the object is not written"


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion:
    """What is to be applied, in order, and what became of each field, sorted by place."""

    objects: tuple[JSONObject, ...]
    items: tuple[Item, ...]

    @property
    def is_lossy(self) -> bool:
        """Whether something is lost."""
        return any(item.fidelity is Fidelity.LOST for item in self.items)


def model(documents: Iterable[Document]) -> SourceModel:
    """Return what those did with requests whom the documents were for."""
    sources = _sources(documents)
    services = _services(sources)
    parts, _ = ingress_parts(sources)
    of_istio = tuple(each for each in sources if each.group == ISTIO)
    lost_of_istio = LostFields(istio_draft(sources, services, open_all=False).items)
    of_contour = tuple(each for each in sources if each.group == CONTOUR)
    lost_of_contour = LostFields(contour_draft(sources, open_all=False).items)
    ingress, istio = IngressModel(parts), IstioModel(of_istio, lost_of_istio)
    contour = ContourModel(of_contour, lost_of_contour)
    return all_models(
        (
            SourceModel(ingress.answer, ingress_probes(ingress)),
            SourceModel(istio.answer, istio_probes(istio)),
            SourceModel(contour.answer, contour_probes(contour)),
        )
    )


def conversion(documents: Sequence[Document], target: GatewayTarget, *, open_all: bool) -> Conversion:
    """Convert documents; `open_all`: paths that have lost a protection are open all the same."""
    sources = _sources(documents)
    services = _services(sources)
    drafted = (
        old_api_draft(sources, target.class_name),
        ingress_draft(sources, services, open_all=open_all),
        istio_draft(sources, services, open_all=open_all),
        contour_draft(sources, open_all=open_all),
        envoy_gateway_draft(sources, open_all=open_all),
    )
    written = _checked(objects(together(each.draft for each in drafted), target))
    items = {item for each in drafted for item in each.items}
    return Conversion(objects=written.taken, items=tuple(sorted({*items, *unread(documents), *written.refused})))


def _sources(documents: Iterable[Document]) -> tuple[SourceObject, ...]:
    return tuple(source for each in documents if (source := source_object(each)) is not None)


def _services(sources: Sequence[SourceObject]) -> dict[ObjectKey, Service]:
    services: dict[ObjectKey, Service] = {}
    for source in sources:
        if (source.group, source.kind) == ("", "Service"):
            read = decode(source.value)
            if isinstance(read, Decoded) and isinstance(read.obj, Service):
                services[source.key] = read.obj
    return services


class _Checked(NamedTuple):
    taken: tuple[JSONObject, ...]
    refused: tuple[Item, ...]


def _checked(written: Iterable[JSONObject]) -> _Checked:
    """Return the objects that gatewayd would take, and why not the others, or what of them.

    Without its AccessPolicy a route would be open, so that it goes with it.
    """
    taken: dict[Identity, JSONObject] = {}
    items: list[Item] = []
    unguarded: set[Identity] = set()
    objects_written = tuple(written)
    guarded = frozenset(identity for each in objects_written for identity in _guarded(each))
    for each in (_mended(each, guarded) for each in objects_written):
        admitted = admit(each.written)
        items.extend(_lost(each.written, problem) for problem in each.problems)
        reasons: tuple[Problem, ...] = ()
        if isinstance(admitted, RefusedObject):
            reasons = admitted.problems
        elif isinstance(admitted, Admitted) and admitted.identity in taken:
            reasons = (Problem(path="metadata.name", message="another object was converted to one of this name"),)
        elif isinstance(admitted, Admitted):
            taken[admitted.identity] = each.written
        if reasons:
            items.extend(_lost(each.written, _unwritten(problem)) for problem in reasons)
            unguarded.update(_guarded(each.written))
    for identity in sorted(unguarded & taken.keys()):
        why = Problem(path="", message="its AccessPolicy cannot be written")
        items.append(_lost(taken.pop(identity), _unwritten(why)))
    return _Checked(taken=tuple(taken.values()), refused=tuple(items))


def _mended(written: JSONObject, guarded: Container[Identity]) -> MendedRoute:
    """Return an object as it is written: of an HTTPRoute without the rules that nobody would take."""
    done = MendedRoute(written, ())
    metadata = written["metadata"]
    is_guarded = Identity(written["kind"], ObjectKey(metadata["namespace"], metadata["name"])) in guarded
    # What is wrong with one field may hide what is wrong with another.
    while wrong := _faults(done.written):
        less = mended(done.written, wrong, is_guarded=is_guarded)
        if less is None or less.written == done.written:
            return done
        done = MendedRoute(less.written, (*done.problems, *less.problems))
    return done


def _faults(written: JSONObject) -> tuple[Problem, ...]:
    admitted = admit(written)
    return admitted.problems if isinstance(admitted, RefusedObject) else tuple(filter_faults(written))


def _guarded(policy: JSONObject) -> Iterator[Identity]:
    """Yield the routes that an AccessPolicy is for."""
    if policy["kind"] == "AccessPolicy":
        for ref in policy["spec"]["targetRefs"]:
            yield Identity(ref["kind"], ObjectKey(policy["metadata"]["namespace"], ref["name"]))


def _unwritten(problem: Problem) -> Problem:
    return Problem(path=problem.path, message=f"{problem.message}; {_UNWRITTEN}")


def _lost(written: JSONObject, problem: Problem) -> Item:
    metadata = written["metadata"]
    return Item(
        file="",
        line=0,
        object=f"{written['kind']} {metadata['namespace']}/{metadata['name']}",
        path=problem.path,
        fidelity=Fidelity.LOST,
        message=problem.message,
        protects=written["kind"] == "AccessPolicy",
    )
