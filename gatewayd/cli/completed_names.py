"""Names of objects that a shell completes: from the youngest run, else from the files of ./gateway; never slowly.

In: what has been typed. Out: candidates; none where it would take long, and none for a cluster, which is far away.
"""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from gatewayd.explain.names import NamedObjects

_FOLDER: Final = Path("gateway")
"""What `gatewayd up` serves where no folder is named."""
_SECONDS: Final = 0.4
"""For reading files: somebody has pressed a key and waits."""
_FAR: Final = ("cluster", "kubeconfig", "context")


def object_names(ctx: Any, incomplete: str) -> list[str]:
    """Return KIND/NAME, or KIND/NAMESPACE/NAME outside of the namespace default."""
    if any(ctx.params.get(name) for name in _FAR):
        return []
    return list(_of_run(ctx.params.get("socket"), incomplete) or _of_folder(incomplete))


def gateway_names(ctx: Any, incomplete: str) -> list[str]:
    """Return NAME, or NAMESPACE/NAME outside of the namespace default, of Gateways."""
    begun = "gateway/"
    return [name.removeprefix(begun) for name in object_names(ctx, begun + incomplete)]


def _of_run(named: Path | None, begun: str) -> tuple[str, ...]:
    from gatewayd.cli.run_socket import newest_run
    from gatewayd.introspection.client import NobodyError, fetch_names
    from gatewayd.settings import SettingsError

    try:
        run = newest_run(named)
        return () if run is None else fetch_names(run, begun)
    except (NobodyError, SettingsError):
        return ()


def _of_folder(begun: str) -> tuple[str, ...]:
    from gatewayd.explain.names import completed

    return completed(tuple(_objects()), begun) if _FOLDER.is_dir() else ()


def _objects() -> "Iterator[NamedObjects]":
    """Yield what stands in files, as far as they are read within the time."""
    from gatewayd.api.kinds import BY_GROUP_KIND
    from gatewayd.api.meta import GroupKind
    from gatewayd.explain.names import NamedObjects
    from gatewayd.manifests.foreign import written_key

    keys: dict[GroupKind, list[Any]] = {}
    for value in _documents(time.monotonic() + _SECONDS):
        group = str(value.get("apiVersion", "")).rpartition("/")[0]
        keys.setdefault(GroupKind(group, str(value.get("kind", ""))), []).append(written_key(value))
    for kind, of_kind in keys.items():
        known = BY_GROUP_KIND.get(kind)
        if known is not None:
            yield NamedObjects(known.kind.lower(), known.plural, of_kind)


def _documents(until: float) -> "Iterator[Any]":
    from gatewayd.manifests.documents import parse_file

    for path in sorted(_FOLDER.rglob("*.y*ml")):
        if time.monotonic() > until:
            return
        try:
            data = path.read_bytes()
        except OSError:
            continue
        yield from (document.value for document in parse_file(str(path), data).documents)
