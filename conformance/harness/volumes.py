"""A Pod's volumes as folders: Secret, ConfigMap, downward API, projected (with tokens), emptyDir, hostPath.

Content is written as the kubelet does: files are symbolic links into `..data`, which is itself a link that is
replaced by one rename, so a reader (Envoy's watched directory, say) sees all of the old content or all of the new.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from conformance.harness import downward
from conformance.harness.cache import Cache, Revision
from conformance.harness.downward import NotReadyError
from conformance.harness.kubeapi import CONNECTION_ERRORS, Api, ApiError, Object

_RETRY_SECONDS = 1.0
_REFRESH_SHARE = 0.8  # of a token's lifetime, as the kubelet


@dataclass(frozen=True, slots=True, kw_only=True)
class Stores:
    """What volumes are made from."""

    api: Api
    secrets: Cache
    config_maps: Cache
    revision: Revision


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    content: bytes
    mode: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Token:
    text: str
    refresh_at: float  # time.monotonic()


class PodVolumes:
    """The volumes of one Pod below `folder`. `pod` returns the Pod as it is now."""

    def __init__(self, pod: Callable[[], Object], address: str, folder: Path, stores: Stores) -> None:
        self._pod = pod
        self._address = address
        self._folder = folder
        self._stores = stores
        self._written: dict[str, Mapping[str, _File]] = {}
        self._tokens: dict[tuple[str, str], _Token] = {}

    def path(self, name: str) -> Path:
        """Return where the content of a volume is."""
        volume = next(volume for volume in self._volumes() if volume["name"] == name)
        if "hostPath" in volume:
            return Path(volume["hostPath"]["path"])
        return self._folder / name

    async def write(self) -> None:
        """Bring every volume up to date; `NotReadyError` when one names something that does not exist yet."""
        for volume in self._volumes():
            folder = self._folder / volume["name"]
            if "emptyDir" in volume:
                folder.mkdir(parents=True, exist_ok=True)
                folder.chmod(0o777)
            elif "hostPath" not in volume:
                await self._write_projection(folder, volume)

    async def write_when_possible(self, report: Callable[[str], None]) -> None:
        """Write every volume for the first time; tell `report` what is still missing while waiting for it."""
        while True:
            revision = self._stores.revision.number
            try:
                await self.write()
            except NotReadyError as missing:
                report(str(missing))
            except CONNECTION_ERRORS as error:
                report(f"the API server does not answer: {error}")
            else:
                return
            await self._stores.revision.beyond(revision, _RETRY_SECONDS)

    async def keep_fresh(self) -> None:
        """Follow changes of what the volumes are made from, for ever."""
        while True:
            revision = self._stores.revision.number
            try:
                await self.write()
                expiries = [token.refresh_at - time.monotonic() for token in self._tokens.values()]
                wait = max(0.0, min([3600.0, *expiries]))
            except (NotReadyError, ApiError, *CONNECTION_ERRORS):
                wait = _RETRY_SECONDS  # as the kubelet: what was mounted once stays while its source is away
            await self._stores.revision.beyond(revision, wait)

    def _volumes(self) -> list[Object]:
        volumes: list[Object] = self._pod()["spec"].get("volumes", [])
        return volumes

    async def _write_projection(self, folder: Path, volume: Object) -> None:
        files: dict[str, _File] = {}
        for kind, source, mode in _sources(volume):
            files.update(await self._files(kind, source, mode))
        if self._written.get(volume["name"]) != files:
            _replace(folder, files)
            self._written[volume["name"]] = files

    async def _files(self, kind: str, source: Object, mode: int) -> Mapping[str, _File]:
        if kind == "downwardAPI":
            return {item["path"]: _File(content=self._downward(item), mode=mode) for item in source.get("items", ())}
        if kind == "serviceAccountToken":
            return {source["path"]: _File(content=(await self._token(source)).encode(), mode=mode)}
        if kind not in {"secret", "configMap"}:
            raise NotReadyError(f"volume kind {kind} is not supported; see conformance/harness/volumes.py")
        cache = self._stores.secrets if kind == "secret" else self._stores.config_maps
        name = source.get("secretName") or source["name"]
        found = cache.get(self._pod()["metadata"]["namespace"], name)
        found = downward.required(found, f'{kind.lower()} "{name}"', optional=source.get("optional", False))
        if found is None:
            return {}
        data = downward.secret_data(found) if kind == "secret" else downward.config_map_data(found)
        return dict(_selected(data, source, mode))

    def _downward(self, item: Object) -> bytes:
        pod = self._pod()
        if "fieldRef" in item:
            return downward.field(pod, self._address, item["fieldRef"]["fieldPath"]).encode()
        reference = item["resourceFieldRef"]
        container = next(each for each in pod["spec"]["containers"] if each["name"] == reference["containerName"])
        return downward.resource(container, reference).encode()

    async def _token(self, source: Object) -> str:
        pod = self._pod()
        metadata, account = pod["metadata"], pod["spec"].get("serviceAccountName", "default")
        audience = source.get("audience", "")
        known = self._tokens.get((audience, source["path"]))
        if known is not None and time.monotonic() < known.refresh_at:
            return known.text
        lifetime = source.get("expirationSeconds", 3600)
        bound = {"apiVersion": "v1", "kind": "Pod", "name": metadata["name"], "uid": metadata["uid"]}
        spec = {"audiences": [audience] if audience else [], "expirationSeconds": lifetime, "boundObjectRef": bound}
        path = f"/api/v1/namespaces/{metadata['namespace']}/serviceaccounts/{account}/token"
        body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": spec}
        try:
            answer = await self._stores.api.create(path, body)
        except ApiError as error:
            raise NotReadyError(f'token of service account "{account}": {error}') from error
        refresh_at = time.monotonic() + lifetime * _REFRESH_SHARE
        token = _Token(text=answer["status"]["token"], refresh_at=refresh_at)
        self._tokens[audience, source["path"]] = token
        return token.text


def _sources(volume: Object) -> Iterator[tuple[str, Object, int]]:
    """Yield (kind, source, default mode) of every part of a volume."""
    kind, body = next((key, value) for key, value in volume.items() if key != "name")
    mode = body.get("defaultMode", 0o644)
    if kind != "projected":
        yield kind, body, mode
        return
    for part in body.get("sources") or ():
        for part_kind, part_body in part.items():
            yield part_kind, part_body, mode


def _selected(data: Mapping[str, bytes], source: Object, mode: int) -> Iterator[tuple[str, _File]]:
    """Yield the files of a Secret or ConfigMap: every key, or those that `items` names at the paths it gives."""
    if not source.get("items"):
        yield from ((key, _File(content=content, mode=mode)) for key, content in data.items())
        return
    for item in source["items"]:
        if item["key"] in data:
            yield item["path"], _File(content=data[item["key"]], mode=item.get("mode", mode))
        elif not source.get("optional", False):
            raise NotReadyError(f'key "{item["key"]}" not found')


def _replace(folder: Path, files: Mapping[str, _File]) -> None:
    """Make `files` the content of `folder` in one rename."""
    folder.mkdir(parents=True, exist_ok=True)
    data = folder / "..data"
    fresh = folder / f"..{time.time_ns()}"
    for name, file in files.items():
        path = fresh / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.content)
        path.chmod(file.mode)
    fresh.mkdir(exist_ok=True)
    stale = folder / data.readlink() if data.is_symlink() else None
    draft = folder / "..data_tmp"
    draft.symlink_to(fresh.name)
    draft.rename(data)
    wanted = {name.split("/", 1)[0] for name in files}
    present = {entry.name for entry in folder.iterdir() if not entry.name.startswith("..")}
    for name in wanted - present:
        (folder / name).symlink_to(f"..data/{name}")
    for name in present - wanted:
        (folder / name).unlink()
    if stale is not None:
        shutil.rmtree(stale)
