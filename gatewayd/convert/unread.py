"""Documents of which no converter reads anything, as far as somebody would miss them: each is told.

In: documents. Out: what is lost of those that are no objects, that are of a group or a kind which no API server has, or
of another controller's. What is current, and what leads no requests anywhere, is nobody's business here.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from gatewayd.api.meta import Problem
from gatewayd.api.names import shown
from gatewayd.convert.fates import Fate, Fidelity, Item
from gatewayd.convert.gateway_api.conversion import is_old
from gatewayd.convert.ingress.other_controllers import is_of_controller
from gatewayd.convert.source import SourceObject, source_object
from gatewayd.manifests.admission import Reason, RefusedObject, admit
from gatewayd.manifests.documents import Document

_GROUPS: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "Ingress": ("networking.k8s.io/v1", ("networking.k8s.io", "extensions")),
    "IngressClass": ("networking.k8s.io/v1", ("networking.k8s.io",)),
    "VirtualService": ("networking.istio.io/v1", ("networking.istio.io",)),
    "DestinationRule": ("networking.istio.io/v1", ("networking.istio.io",)),
    "HTTPProxy": ("projectcontour.io/v1", ("projectcontour.io",)),
}
"""Kinds that are read: the version that there is today, and the groups that they are read in."""
_BY_LETTERS: Final = {kind.lower(): kind for kind in _GROUPS}
_TOLD_BY_OTHERS: Final = ("networking.istio.io", "projectcontour.io")
"""Groups of which each kind is told where they are read."""
_TOLD: Final = (Reason.DOCUMENT, Reason.UNKNOWN_KIND)
"""What makes an object one that nobody reads; what else is wrong with a current one is for `check` to say."""
_LEFT_OUT: Final = "it is left out"


def unread(documents: Iterable[Document]) -> Iterator[Item]:
    """Yield what is lost of documents that no converter reads."""
    for document in documents:
        source = source_object(document)
        if source is None or not (_is_read(source) or source.group in _TOLD_BY_OTHERS or is_old(source)):
            yield from _lost(document, source)


def _is_read(source: SourceObject) -> bool:
    return source.kind in _GROUPS and source.group in _GROUPS[source.kind][1]


def _lost(document: Document, source: SourceObject | None) -> Iterator[Item]:
    if source is not None and is_of_controller(source.group):
        message = f"it is of another controller, {source.group}, and is not read"
        yield Item.of(source, Fate(path="kind", fidelity=Fidelity.LOST, message=message))
        return
    kind = _BY_LETTERS.get(source.kind.lower()) if source is not None else None
    if source is not None and kind is not None:
        written = document.value.get("apiVersion")
        of = f"of {shown(str(written))}" if written else "without apiVersion"
        message = f"{source.kind} {of} is not read; allowed is {kind} of {_GROUPS[kind][0]}; {_LEFT_OUT}"
        yield Item.of(source, Fate(path="apiVersion", fidelity=Fidelity.LOST, message=message))
        return
    admitted = admit(document.value)
    if isinstance(admitted, RefusedObject):
        yield from (_item(document, admitted.subject, flaw.problem) for flaw in admitted.flaws if flaw.reason in _TOLD)


def _item(document: Document, subject: str, problem: Problem) -> Item:
    place = document.place
    return Item(
        file=place.file,
        line=place.line_of(problem.path),
        object=subject or "an object",
        path=problem.path,
        fidelity=Fidelity.LOST,
        message=f"{problem.message}; {_LEFT_OUT}",
        protects=False,
    )
