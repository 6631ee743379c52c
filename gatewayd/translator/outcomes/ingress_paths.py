"""Paths that several Ingresses of a Gateway have for one host: the oldest has it, and the others are told.

Nobody says what becomes of them, and an Ingress has no condition to say it in: it is an Event on those that lose.
https://kubernetes.io/docs/concepts/services-networking/ingress/#multiple-matches (of one Ingress only)
"""

from collections.abc import Iterator
from typing import NamedTuple

from gatewayd.api.ingress import HTTPIngressPath, Ingress
from gatewayd.api.meta import ObjectKey
from gatewayd.incremental.view import Index, Member, Source, View, query
from gatewayd.translator.attachment import attachments
from gatewayd.translator.hostnames import ANY, normalised
from gatewayd.translator.ingresses import rule_hosts

_DEFAULT = "default backend"


class PathKey(NamedTuple):
    """A path of a host at a Gateway; `words` is how it is matched, and the path."""

    gateway: ObjectKey
    host: str
    words: str


class ClaimedPath(NamedTuple):
    """A path of an Ingress, and the field that it stands in."""

    field: str
    host: str
    words: str


def written_paths(row: Ingress) -> Iterator[ClaimedPath]:
    """Yield the paths of an Ingress, its default backend once for each host."""
    for at, rule in enumerate(row.spec.rules):
        for number, path in enumerate(rule.http.paths if rule.http is not None else ()):
            yield ClaimedPath(f"spec.rules[{at}].http.paths[{number}]", normalised(rule.host), _words(path))
    if row.spec.default_backend is not None:
        yield from (ClaimedPath("spec.defaultBackend", host, _DEFAULT) for host in rule_hosts(row))


def _words(path: HTTPIngressPath) -> str:
    if path.path_type == "Exact":
        return f"exact path {path.path}"
    return f"prefix {path.path.rstrip('/') or '/'}"


@query
def claimed_paths(view: View, member: Member) -> tuple[PathKey, ...]:
    """Return the paths of an Ingress at the Gateways that take it, each once."""
    row = view.get(Ingress, member.key)
    gateways = [parent.gateway for parent in attachments(view, member) if parent.attached]
    if row is None or not gateways:
        return ()
    written = tuple(written_paths(row))
    return tuple(dict.fromkeys(PathKey(gateway, each.host, each.words) for gateway in gateways for each in written))


CLAIMED_PATHS = Index(
    name="ingresses_by_path",
    sources=(Source(table=Ingress, query=claimed_paths),),
    group=lambda path: path.gateway,
    readers=(Ingress,),
)


def taken_paths(view: View, row: Ingress, gateway: ObjectKey) -> Iterator[str]:
    """Yield what older Ingresses have of an Ingress's paths at a Gateway, each with its field."""
    own = _age(row)
    for written in written_paths(row):
        claimants = view.bucket(CLAIMED_PATHS, PathKey(gateway, written.host, written.words))
        rows = [each for each in (view.get(Ingress, other.key) for other in claimants) if each is not None]
        first = min(rows, key=_age, default=row)
        if _age(first) < own:
            of_host = "of every host" if written.host == ANY else f"of host {written.host}"
            yield f'{written.field}: Ingress "{first.metadata.key}" has {written.words} {of_host} already'


def _age(row: Ingress) -> tuple[str, str]:
    return row.metadata.creation_timestamp, str(row.metadata.key)
