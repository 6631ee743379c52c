"""Credentials of a member -> Access: its CA and nobody else's, and nothing that is written to a disk.

https://docs.python.org/3/library/ssl.html#ssl.SSLContext.load_cert_chain
"""

import os
import ssl
from pathlib import Path

from gatewayd.kube.access import Access, AccessError
from gatewayd.members.credentials import Credentials


def member_access(credentials: Credentials) -> Access:
    """Return how a member's API server is reached. Raises AccessError for certificates that cannot be used."""
    try:
        context = ssl.create_default_context(cadata=credentials.authority)
    except (ssl.SSLError, ValueError):
        raise AccessError(
            "clusters[].cluster.certificate-authority-data: holds no certificate; one is allowed"
        ) from None
    if credentials.certificate:
        _load_pair(context, credentials)
    header = f"Bearer {credentials.token}" if credentials.token else ""

    async def authorization() -> str:
        return header

    return Access(
        url=credentials.url,
        tls=context,
        server_name=credentials.server_name or None,
        proxy=None,
        authorization=authorization,
    )


def _load_pair(context: ssl.SSLContext, credentials: Credentials) -> None:
    """Give a context its client certificate by a file that is in memory alone: OpenSSL takes it from no other place."""
    try:
        with os.fdopen(os.memfd_create("member", os.MFD_CLOEXEC), "wb") as file:
            file.write(credentials.certificate.rstrip() + b"\n" + credentials.key)
            file.flush()
            context.load_cert_chain(Path(f"/proc/self/fd/{file.fileno()}"), password=_no_password)
    except (ssl.SSLError, ValueError, OSError):
        raise AccessError(
            "users[].user.client-certificate-data, client-key-data: are no pair; a certificate and its key are allowed"
        ) from None


def _no_password() -> str:
    """Answer for a key with a password, which would be asked for at a terminal otherwise."""
    return ""
