"""Secrets and ConfigMaps, of which a cluster has more than anybody asks for: which one, and what if it is missing."""

from collections.abc import Mapping
from typing import NamedTuple

from gatewayd.api.core import ConfigMap, Secret
from gatewayd.api.meta import ObjectKey
from gatewayd.incremental.view import View
from gatewayd.ir.contents import Unread

CONTENT_TABLES: Mapping[str, type[Secret] | type[ConfigMap]] = {"Secret": Secret, "ConfigMap": ConfigMap}
"""The kinds whose objects are read one by one."""


class Content(NamedTuple):
    """One Secret or ConfigMap; `kind` is a key of CONTENT_TABLES. Also the key of its Unread row."""

    kind: str
    key: ObjectKey


def missing(view: View, content: Content) -> str:
    """Return what is said of an object that there is no row of."""
    unread = view.get(Unread, content)
    shown = f'{content.kind} "{content.key}"'
    return f"{shown} does not exist" if unread is None else f"{shown} {unread.why}"
