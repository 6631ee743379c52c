"""What the API server does with an object before it is stored, done to the objects of files.

In: a document as read. Out: the typed object, or why there is none. The namespace is defaulted, what only a server
sets (status, generation, managedFields) is dropped, and a Namespace is labelled with its own name. Fields and kinds
that nobody knows are refused, as `kubectl apply` has them refused.
https://kubernetes.io/docs/reference/using-api/api-concepts/
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Final, NamedTuple

from msgspec import structs

from gatewayd.api.decode import DEFAULT_NAMESPACE, Decoded, decode
from gatewayd.api.kinds import BY_GROUP_KIND, KINDS, Kind
from gatewayd.api.meta import GroupKind, KubernetesObject, ObjectKey, Problem
from gatewayd.api.names import shown
from gatewayd.api.refs import EXPERIMENTAL_GROUP, GATEWAY_GROUP
from gatewayd.api.unread import CORE_KINDS
from gatewayd.api.unsupported import UNSUPPORTED
from gatewayd.manifests.foreign import Foreign, foreign_object, written_key
from gatewayd.manifests.nearest import nearest
from gatewayd.manifests.unknown_fields import UnknownField, unknown_fields
from gatewayd.own_group import DOMAIN

NAME_LABEL: Final = "kubernetes.io/metadata.name"
"""https://kubernetes.io/docs/reference/labels-annotations-taints/#kubernetes-io-metadata-name"""

_SERVER_SET: Final = frozenset({"generation", "resourceVersion", "uid", "managedFields", "selfLink"})
_BY_NAME: Final[Mapping[str, Kind]] = {kind.kind: kind for kind in KINDS}
_KNOWN_GROUPS: Final = frozenset({"", GATEWAY_GROUP, EXPERIMENTAL_GROUP, DOMAIN})
"""Groups of which every kind is known: what they do not have is a slip."""
_PASSED_OVER: Final = CORE_KINDS | {kind for kind, path in UNSUPPORTED if not path}


class Identity(NamedTuple):
    """Which object: the name of its kind (unique among the kinds we read) and its key."""

    kind: str
    key: ObjectKey

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"


class Reason(StrEnum):
    """Why a document, or a part of it, is refused or passed over; each has a page in docs/messages."""

    DOCUMENT = "InvalidDocument"
    FIELD = "InvalidField"
    UNKNOWN_FIELD = "UnknownField"
    UNKNOWN_KIND = "UnknownKind"
    OLD_VERSION = "OldVersion"
    NOT_READ = "NotRead"


@dataclass(frozen=True, slots=True, kw_only=True)
class Flawed:
    """Something wrong with a document, and why that matters."""

    reason: Reason
    problem: Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """A good object; its generation is 1. `notes` are what its author should know even so."""

    identity: Identity
    obj: KubernetesObject
    notes: tuple[Flawed, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedObject:
    """A bad object; `identity` is None where the document does not say which object of a kind that is read it is.

    `subject` is what it is called, "" where it has no name.
    """

    identity: Identity | None
    subject: str
    flaws: tuple[Flawed, ...]

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What is wrong with it."""
        return tuple(flaw.problem for flaw in self.flaws)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignored:
    """A document that gatewayd does not read; nothing is wrong with it. `foreign` None: it is no object at all."""

    what: str
    foreign: Foreign | None = None


class Strictness(Enum):
    """What becomes of a field that is in no known version of the CRDs and is like no other field."""

    REFUSE = "refuse"
    WARN = "warn"


@dataclass(frozen=True, slots=True, kw_only=True)
class AdmissionRules:
    """How documents are judged: what becomes of unknown fields, and whether Envoy Gateway's kinds are read."""

    strictness: Strictness = Strictness.REFUSE
    envoy_gateway_kinds: bool = False


USUAL: Final = AdmissionRules()


def admit(document: Mapping[str, object], rules: AdmissionRules = USUAL) -> Admitted | RefusedObject | Ignored:
    """Judge one document."""
    if not document.keys() & {"apiVersion", "kind", "metadata"}:
        return Ignored(what="a document without apiVersion, kind and metadata, which is no Kubernetes object,")
    api_version, name = document.get("apiVersion"), document.get("kind")
    for path, value in (("apiVersion", api_version), ("kind", name)):
        if not (isinstance(value, str) and value):
            return _refused(document, path, "is missing; every object has apiVersion, kind and metadata.name")
    group = str(api_version).rpartition("/")[0]
    kind = BY_GROUP_KIND.get(GroupKind(group, str(name)))
    if kind is not None and (rules.envoy_gateway_kinds or not kind.on_request):
        return _admit_kind(document, kind, rules.strictness)
    return _misspelt(document, group, str(name)) or _ignored(document, group, str(name))


def _misspelt(document: Mapping[str, object], group: str, name: str) -> RefusedObject | None:
    """Return why a document is refused whose kind does not exist, as far as that is known of its group."""
    known = _BY_NAME.get(name)
    if known is not None and (group in {"", known.group.removeprefix("gateway.")} or nearest(group, [known.group])):
        message = f'{name} is not in "{document["apiVersion"]}"; allowed is "{known.api_version}"'
        return _refused(document, "apiVersion", message, Reason.UNKNOWN_KIND)
    if group not in _KNOWN_GROUPS or name in _PASSED_OVER:
        return None
    kinds = sorted({kind.kind for kind in KINDS if kind.group == group} | (CORE_KINDS if not group else frozenset()))
    meant = nearest(name, kinds)
    advice = f"did you mean {meant}?" if meant is not None else f"allowed: {', '.join(kinds)}"
    message = f'{shown(name)} is no kind of "{group or "v1"}"; {advice}'
    return _refused(document, "kind", message, Reason.UNKNOWN_KIND)


def _ignored(document: Mapping[str, object], group: str, name: str) -> Ignored:
    foreign = foreign_object(document, group, name)
    what = " ".join(part for part in (name, str(foreign.key), f"of {document['apiVersion']}") if part)
    why = UNSUPPORTED.get((name, ""), "") if group in _KNOWN_GROUPS else ""
    return Ignored(what=f"{what} ({why})" if why else what, foreign=foreign)


def with_generation(obj: KubernetesObject, generation: int) -> KubernetesObject:
    """Return `obj` with that metadata.generation."""
    return structs.replace(obj, metadata=structs.replace(obj.metadata, generation=generation))


def _admit_kind(document: Mapping[str, object], kind: Kind, strictness: Strictness) -> Admitted | RefusedObject:
    metadata = document.get("metadata")
    if not isinstance(metadata, dict):
        return _refused(document, "metadata", "is missing; every object has metadata.name")
    name = metadata.get("name")
    if not (isinstance(name, str) and name):
        return _refused(document, "metadata.name", "is missing; every object has a name (generateName is not read)")
    namespace = (metadata.get("namespace") or DEFAULT_NAMESPACE) if kind.namespaced else ""
    if not isinstance(namespace, str):
        return _refused(document, "metadata.namespace", "is no text; only text is allowed")
    identity = Identity(kind.kind, ObjectKey(namespace, name))
    unknown = tuple(unknown_fields(document, kind.struct))
    wrong = tuple(_unknown(each) for each in unknown if each.is_slip or strictness is Strictness.REFUSE)
    stored = {field: value for field, value in document.items() if field != "status"}
    stored["metadata"] = _stored_metadata(metadata, identity)
    result = decode(stored)
    if isinstance(result, Decoded) and not wrong:
        notes = (*map(_unknown, unknown), *_old_version(document, kind))
        return Admitted(identity=identity, obj=result.obj, notes=notes)
    problems = () if isinstance(result, Decoded) else result.problems
    invalid = (Flawed(reason=Reason.FIELD, problem=problem) for problem in problems)
    return RefusedObject(identity=identity, subject=str(identity), flaws=(*wrong, *invalid))


def _unknown(field: UnknownField) -> Flawed:
    return Flawed(reason=Reason.UNKNOWN_FIELD, problem=field.problem)


def _old_version(document: Mapping[str, object], kind: Kind) -> Iterator[Flawed]:
    version = str(document["apiVersion"]).rpartition("/")[2]
    if "alpha" in version and "alpha" not in kind.version:
        message = f'{version} is an old version of {kind.kind}; "{kind.api_version}" is served too and stays'
        yield Flawed(reason=Reason.OLD_VERSION, problem=Problem(path="apiVersion", message=message))


def _stored_metadata(metadata: Mapping[str, object], identity: Identity) -> dict[str, object]:
    stored = {field: value for field, value in metadata.items() if value is not None and field not in _SERVER_SET}
    stored["namespace"] = identity.key.namespace
    stored["generation"] = 1
    if identity.kind == "Namespace":
        labels = stored.get("labels", {})
        if isinstance(labels, dict):
            stored["labels"] = {**labels, NAME_LABEL: identity.key.name}
    return stored


def _refused(
    document: Mapping[str, object], path: str, message: str, reason: Reason = Reason.DOCUMENT
) -> RefusedObject:
    kind, key = document.get("kind"), written_key(document)
    subject = f"{kind} {key}" if isinstance(kind, str) and kind and key.name else ""
    flaw = Flawed(reason=reason, problem=Problem(path=path, message=message))
    return RefusedObject(identity=None, subject=subject, flaws=(flaw,))
