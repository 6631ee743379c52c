"""Good keys in ConfigMaps of our own namespace, one for each source, for all replicas and over restarts.

Keys are public; who may write ConfigMaps there could sign, and may do anything to the control plane anyway.
"""

from collections.abc import Iterator, Mapping
from typing import Final

import msgspec
import structlog

from gatewayd.infra.layout import KEY_SET_LABEL
from gatewayd.infra.made_kinds import CONFIG_MAP
from gatewayd.ir.key_sets import KeySetSource
from gatewayd.kube.api_errors import CONNECTION_ERRORS, ApiError, NotFoundError
from gatewayd.kube.client import KubeClient, Where
from gatewayd.untrusted.kept_keys import kept_name, kept_text, read_kept

_KEY: Final = "keys.json"
_FETCHED: Final = "fetched"

log = structlog.get_logger()


class _KeysMap(msgspec.Struct):
    data: dict[str, str] = {}


class _List(msgspec.Struct):
    items: list[_KeysMap] = []


class KeySetStore:
    """See the module's text."""

    def __init__(self, client: KubeClient, namespace: str) -> None:
        self._client = client
        self._namespace = namespace

    async def load(self) -> Mapping[KeySetSource, str]:
        """Return what is kept; nothing, and a line in the log, while nobody answers."""
        try:
            raw = await self._client.request(
                "GET", self._path(""), query=[("labelSelector", f"{KEY_SET_LABEL}={_FETCHED}")]
            )
            return dict(_read(msgspec.json.decode(raw, type=_List)))
        except (ApiError, msgspec.MsgspecError, *CONNECTION_ERRORS) as error:
            log.warning("kept keys not read", why=str(error) or type(error).__name__)
            return {}

    async def save(self, source: KeySetSource, keys: str) -> None:
        """Keep the keys of a source; the last replica that fetched them has the say."""
        name = _name(source)
        body = {
            **CONFIG_MAP.head,
            "metadata": {"name": name, "namespace": self._namespace, "labels": {KEY_SET_LABEL: _FETCHED}},
            "data": {_KEY: kept_text(source, keys).decode()},
        }
        try:
            await self._client.apply(self._path(name), body)
        except (ApiError, *CONNECTION_ERRORS) as error:
            log.warning("keys not kept", source=str(source), why=str(error) or type(error).__name__)

    async def forget(self, source: KeySetSource) -> None:
        """Keep the keys of a source no longer."""
        try:
            await self._client.request("DELETE", self._path(_name(source)))
        except NotFoundError:
            pass  # another replica was first
        except (ApiError, *CONNECTION_ERRORS) as error:
            log.warning("kept keys not forgotten", source=str(source), why=str(error) or type(error).__name__)

    def _path(self, name: str) -> str:
        return Where(
            api_version=CONFIG_MAP.api_version, plural=CONFIG_MAP.plural, namespace=self._namespace, name=name
        ).path("")


def _name(source: KeySetSource) -> str:
    return f"gatewayd-keys-{kept_name(source)}"


def _read(found: _List) -> Iterator[tuple[KeySetSource, str]]:
    entries = (read_kept(each.data.get(_KEY, "")) for each in found.items)
    return (entry for entry in entries if entry is not None)
