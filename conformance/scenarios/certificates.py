"""Certificates for listeners: one authority in a file that the load client believes, and Secrets signed by it."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from pathlib import Path

from conformance.scenarios import manifests
from gatewayd.identity.certificates import KeyPair, Subject, issue, make_ca


class Maker:
    """Makes Secrets. `authority` is the PEM file that clients need."""

    def __init__(self, folder: Path) -> None:
        self._ca = make_ca(datetime.now(UTC))
        self.authority = folder / "listener-ca.crt"
        self.authority.write_bytes(self._ca.certificate)

    def pair(self, host: str) -> KeyPair:
        """Return a new certificate of a host, with a new key."""
        return issue(self._ca, Subject(common_name=host, dns_names=(host,), uris=()), datetime.now(UTC))

    def secret(self, where: str, name: str, host: str) -> manifests.Object:
        """Return a Secret with a new certificate."""
        pair = self.pair(host)
        return manifests.tls_secret(where, name, encoded(pair.certificate), encoded(bytes(pair.key)))


def encoded(data: bytes) -> str:
    """Return base64 text."""
    return base64.b64encode(data).decode()
