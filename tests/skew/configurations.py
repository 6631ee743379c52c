"""What each release must read: every golden in both route discoveries, and the bootstrap of a pod."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gatewayd.ir.fleet import GatewayFleet
from gatewayd.ir.http import RouteDiscovery
from gatewayd.xds.bootstrap import AdminSocket, MutualTLS, bootstrap, sds_files, within_memory
from tests.feature.harness.pki import Authority
from tests.feature.harness.ports import free_port
from tests.golden.cases import CASES
from tests.golden.static_config import Json, static_config
from tests.golden.validate import only


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """One configuration; `written` makes it, with what it refers to in a folder."""

    name: str
    written: Callable[[Path], Json]


POD: Final = "bootstrap of a pod"
_MEMORY: Final = 512 << 20
"""Of a pod with a limit: what is shed before the kernel kills it is part of the bootstrap."""


def configurations(beginning: str) -> Iterator[Configuration]:
    """Yield those whose name begins so."""
    for case in CASES:
        for discovery in RouteDiscovery:
            if str(case).startswith(beginning):
                snapshot = only(case, discovery)
                yield Configuration(
                    name=f"{case} {discovery.value}",
                    written=lambda folder, snapshot=snapshot: static_config(snapshot, str(folder)),  # type: ignore[misc]
                )
    if POD.startswith(beginning):
        yield Configuration(name=POD, written=_pod)


def _pod(folder: Path) -> Json:
    """Return what a pod starts with, its certificates beside it."""
    authority = Authority()
    pair = authority.issue("gatewayd.test")
    for name, content in (("tls.crt", pair.chain), ("tls.key", pair.key), ("ca.crt", authority.pem)):
        (folder / name).write_bytes(content)
    for name, document in sds_files(str(folder)).items():
        (folder / name).write_text(json.dumps(document), encoding="utf-8")
    control_plane = MutualTLS(
        host="gatewayd.test", port=18000, server_name="gatewayd.test", certificates=str(folder), sds=str(folder)
    )
    document = bootstrap(
        node="pod",
        fleet=GatewayFleet(namespace="shop", name="edge"),
        control_plane=control_plane,
        admin=AdminSocket(path=str(folder / "admin")),
        probes_port=free_port(),
        drain=30.0,
    )
    return within_memory(document, _MEMORY)
