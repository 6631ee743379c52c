"""What members said last, in ConfigMaps of our own namespace: for all replicas, and while a member is down.

Endpoints are no secret, and who may write ConfigMaps there may do anything to the control plane anyway.
"""

import base64
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import msgspec
import structlog

from gatewayd.api.meta import ObjectKey
from gatewayd.infra.made_kinds import CONFIG_MAP
from gatewayd.ir.member_limits import MEMBER_KEPT_PARTS
from gatewayd.ir.members import Exported
from gatewayd.kube.api_errors import NotFoundError
from gatewayd.kube.client import KubeClient, Where
from gatewayd.members.kept import packed, unpacked
from gatewayd.own_group import own

KEPT_LABEL: Final = own("member-state")
"""Of such a ConfigMap: whose it is."""
_KEY: Final = "exports.json.zlib"

_log = structlog.get_logger()


class _KeptMeta(msgspec.Struct):
    labels: dict[str, str] = {}


class _KeptMap(msgspec.Struct, rename="camel"):
    metadata: _KeptMeta
    binary_data: dict[str, str] = {}


class _KeptList(msgspec.Struct):
    items: list[_KeptMap] = []


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptMember:
    """What is kept of one member, and whether it had not been heard of for long."""

    rows: Mapping[ObjectKey, Exported]
    stale: bool


class MemberStore:
    """See the module's text. Methods raise what requests do: ApiError, or one of CONNECTION_ERRORS."""

    def __init__(self, client: KubeClient, namespace: str) -> None:
        self._client = client
        self._namespace = namespace
        # What stands there as far as this replica has read or written it.
        self._written: dict[tuple[str, int], bytes] = {}

    async def load(self) -> Mapping[str, KeptMember]:
        """Return what is kept of all members."""
        try:
            raw = await self._client.request("GET", self._path(""), query=[("labelSelector", KEPT_LABEL)])
        except NotFoundError:
            return {}
        parts: dict[str, list[bytes]] = {}
        for each in msgspec.json.decode(raw, type=_KeptList).items:
            parts.setdefault(each.metadata.labels.get(KEPT_LABEL, ""), []).extend(_data(each))
        return {
            cluster: KeptMember(rows=rows, stale=stale)
            for cluster, data in parts.items()
            for rows, stale in (unpacked(cluster, data),)
        }

    async def save(self, cluster: str, rows: Mapping[ObjectKey, Exported], *, stale: bool) -> None:
        """Keep the rows of a member: of what is kept already, nothing is written."""
        for part in range(MEMBER_KEPT_PARTS):
            data = packed(rows, part, stale=stale)
            if data is None:
                _log.error("member not kept", cluster=cluster, why="what it says is too long for a ConfigMap")
            elif self._written.get((cluster, part)) != data:
                name = _name(cluster, part)
                labels = {KEPT_LABEL: cluster}
                metadata = {"name": name, "namespace": self._namespace, "labels": labels}
                binary = {_KEY: base64.b64encode(data).decode()}
                await self._client.apply(
                    self._path(name), {**CONFIG_MAP.head, "metadata": metadata, "binaryData": binary}
                )
                self._written[cluster, part] = data

    async def forget(self, cluster: str) -> None:
        """Keep nothing of a member any more."""
        for part in range(MEMBER_KEPT_PARTS):
            self._written.pop((cluster, part), None)
            with suppress(NotFoundError):  # another replica was first, or there was none
                await self._client.request("DELETE", self._path(_name(cluster, part)))

    def _path(self, name: str) -> str:
        return Where(
            api_version=CONFIG_MAP.api_version, plural=CONFIG_MAP.plural, namespace=self._namespace, name=name
        ).path("")


def _name(cluster: str, part: int) -> str:
    return f"gatewayd-member-{cluster}-{part}"


def _data(kept: _KeptMap) -> Iterator[bytes]:
    try:
        yield base64.b64decode(kept.binary_data.get(_KEY, ""), validate=True)
    except ValueError:  # binascii.Error is one, and so is what a letter beyond ASCII leads to
        return
