"""A policy that the API server holds and that cannot be read: what stands for it, so that what it protects is closed.

It may be of a newer CRD than this program knows. Whom it is for can be read even so.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from gatewayd.api.accesspolicy import AccessPolicy, AccessPolicySpec
from gatewayd.api.inherited import InheritedTargetRef
from gatewayd.api.kinds import Kind
from gatewayd.api.meta import KubernetesObject, ObjectMeta, Problem, Shape


class _Spec(Shape, frozen=True, kw_only=True):
    target_refs: tuple[Any, ...] = ()


class _Bare(Shape, frozen=True, kw_only=True):
    metadata: ObjectMeta
    spec: _Spec = _Spec()


def stand_in(kind: Kind, raw: bytes, problems: Sequence[Problem]) -> KubernetesObject | None:
    """Return what closes everything that an unreadable object of a kind that protects is for.

    None for other kinds, and where not even the targets can be read.
    """
    if kind.struct is not AccessPolicy:
        return None
    try:
        bare = msgspec.json.decode(raw, type=_Bare)
    except msgspec.MsgspecError:
        return None
    refs = tuple(ref for each in bare.spec.target_refs if (ref := _target(each)) is not None)
    why = "; ".join(str(each) for each in problems)
    return (
        AccessPolicy(metadata=bare.metadata, spec=AccessPolicySpec(target_refs=refs), unreadable=why) if refs else None
    )


def _target(written: Any) -> InheritedTargetRef | None:
    try:
        return msgspec.convert(written, InheritedTargetRef)
    except msgspec.ValidationError:
        return None
