"""How one reaches the API server, and is known to it: as a pod, by what Kubernetes puts into its file system.

No library does this here: the one that also reads kubeconfig files brings 700 modules for objects that nobody asks for,
36 MiB and a second, into every control-plane pod
(docs/decisions/0014-a-pod-reads-its-own-credentials.md).
"""

import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ACCOUNT: Final = Path("/var/run/secrets/kubernetes.io/serviceaccount")
"""https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/#directly-accessing-the-rest-api"""

Authorization = Callable[[], Awaitable[str]]


class AccessError(Exception):
    """It is not known where the API server is, or not who we are to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """`url` has no path. `server_name` None: the host's. `authorization` gives the header of that name, "" for none.

    `authorization` is asked before each request, since tokens are replaced while they are used.
    """

    url: str
    tls: ssl.SSLContext
    server_name: str | None
    proxy: str | None
    authorization: Authorization


def pod_access(address: str | None, account: Path) -> Access:
    """Return the access of a pod to `address` ("host:port") by its service account's folder. Raises AccessError."""
    if address is None:
        raise AccessError("this is no pod: KUBERNETES_SERVICE_HOST is not set; --kubeconfig names a file")
    authorities, token = account / "ca.crt", account / "token"
    try:
        context = ssl.create_default_context(cafile=str(authorities))
        _read(token)
    except OSError as error:
        raise AccessError(f"the service account is not readable; {error}") from error

    async def authorization() -> str:
        return _read(token)

    return Access(url=f"https://{address}", tls=context, server_name=None, proxy=None, authorization=authorization)


def _read(token: Path) -> str:
    """Read the token anew: kubelet replaces it before it expires, which is after an hour."""
    return f"Bearer {token.read_text().strip()}"
