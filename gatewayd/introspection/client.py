"""Asks a running gatewayd of this user for its status.

In: a socket, or where to look for one. Out: a Status, or `NobodyError`, which says what was tried.
"""

import socket
import stat
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final
from urllib.parse import quote

import grpc

from gatewayd.access_log.entry import RuleName
from gatewayd.explain.request import Sent
from gatewayd.explain.steps import UnknownKindError
from gatewayd.introspection.explanation import (
    GET_EXPLANATION,
    Explanation,
    explanation_decoded,
    explanation_request,
)
from gatewayd.introspection.messages import (
    GET_PLACES,
    GET_STATUS,
    GET_WHY,
    OPEN_PAGE,
    SERVICE,
    SET_LOG_LEVEL,
    RunChain,
    decoded,
    level_decoded,
    level_request,
    page_decoded,
    page_request,
    places_decoded,
    places_request,
    request,
    why_decoded,
    why_request,
)
from gatewayd.introspection.names import GET_NAMES, names_decoded, names_request
from gatewayd.introspection.places import RulePlace
from gatewayd.introspection.published import (
    GET_CONFIG,
    PublishedResource,
    ResourceChoice,
    choice_request,
    published_decoded,
)
from gatewayd.introspection.status import Status

_PATTERN: Final = "gatewayd-*/xds/socket"
_TIMEOUT: Final = 15.0
"""Seconds: the configuration of thousands of routes is megabytes, and a cluster may be far away."""
_SOON: Final = 0.5
"""Seconds that somebody waits who has pressed a key."""
_UNBOUNDED: Final = (("grpc.max_receive_message_length", -1),)
"""Who answers is trusted, and what it has is as large as it is."""


class NobodyError(Exception):
    """No running gatewayd answered."""


def newest_socket(runtime: Path | None, owner: int) -> Path | None:
    """Return the socket of the youngest run of user `owner` that somebody listens on, None when there is none.

    Looks in `runtime` ($XDG_RUNTIME_DIR) and in the system's temporary folder, as `gatewayd up` does.
    """
    folders = dict.fromkeys(each for each in (runtime, Path(tempfile.gettempdir())) if each is not None)
    found = [each for folder in folders for each in _sockets(folder, owner)]
    for _, path in sorted(found, reverse=True):
        if _is_live(path):
            return path
    return None


def fetch(path: Path) -> Status:
    """Return what the run at a socket says of itself; raises NobodyError."""
    return decoded(_call(path, GET_STATUS, request()))


def fetch_why(path: Path, kind: str, namespace: str, name: str) -> RunChain:
    """Return the chain of an object of the run at a socket; raises NobodyError and UnknownKindError."""
    return why_decoded(_call(path, GET_WHY, why_request(kind, namespace, name)))


def fetch_names(path: Path, begun: str) -> tuple[str, ...]:
    """Return what a name may go on as, as the run at a socket knows it; raises NobodyError, soon."""
    return names_decoded(_call(path, GET_NAMES, names_request(begun), _SOON))


def fetch_places(path: Path, rules: Sequence[RuleName]) -> dict[RuleName, RulePlace]:
    """Return where rules stand in the files of the run at a socket; raises NobodyError."""
    return dict(zip(rules, places_decoded(_call(path, GET_PLACES, places_request(rules))), strict=False))


def fetch_explanation(path: Path, sent: Sent, port: int | None) -> Explanation:
    """Return what becomes of a request at the run at a socket; raises NobodyError."""
    return explanation_decoded(_call(path, GET_EXPLANATION, explanation_request(sent, port)))


def fetch_config(path: Path, choice: ResourceChoice) -> tuple[PublishedResource, ...]:
    """Return what the proxies of the run at a socket shall have; raises NobodyError."""
    return published_decoded(_call(path, GET_CONFIG, choice_request(choice)))


def set_log_level(path: Path, level: str) -> str:
    """Have the run at a socket log from a level on, "" to leave it; return the level. Raises NobodyError."""
    return level_decoded(_call(path, SET_LOG_LEVEL, level_request(level)))


def open_page(path: Path) -> str:
    """Have the page of the run at a socket be served, and return where; "" where there is none. Raises NobodyError."""
    return page_decoded(_call(path, OPEN_PAGE, page_request()))


def _call(path: Path, method: str, message: bytes, timeout: float = _TIMEOUT) -> bytes:
    with grpc.insecure_channel(f"unix:{quote(str(path.absolute()))}", _UNBOUNDED) as channel:
        call = channel.unary_unary(f"/{SERVICE}/{method}")
        try:
            return bytes(call(message, timeout=timeout))
        except grpc.RpcError as error:
            if error.code() is grpc.StatusCode.INVALID_ARGUMENT:
                raise UnknownKindError(error.details()) from error
            raise NobodyError(f"{path}: no gatewayd answers; {error.details()}") from error


def _sockets(folder: Path, owner: int) -> Iterator[tuple[float, Path]]:
    for path in folder.glob(_PATTERN):
        try:
            state = path.stat()
        except OSError:
            continue
        if stat.S_ISSOCK(state.st_mode) and state.st_uid == owner:
            yield state.st_mtime, path


def _is_live(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            return False
    return True
