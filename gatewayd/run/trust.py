"""What the ADS server of a replica shows and believes: the CA of now, and its own certificate by it."""

from datetime import UTC, datetime

from gatewayd.ads.listen import Certificates
from gatewayd.identity.authority import Authority
from gatewayd.identity.certificates import LEAF_LIFETIME, KeyPair, Subject, issue
from gatewayd.infra import layout


class Trust:
    """The CA of now, and the server's own certificate by it."""

    def __init__(self, authority: Authority, server_name: str) -> None:
        self.authority = authority
        self._server_name = server_name
        self._pair = self._issued()

    def _issued(self) -> KeyPair:
        subject = Subject(common_name=layout.CONTROL_PLANE, dns_names=(self._server_name,), uris=())
        return issue(self.authority.signing, subject, datetime.now(UTC))

    def certificates(self) -> Certificates:
        """Return what the ADS server shows and believes."""
        bundle = self.authority.bundle
        return Certificates(chain=self._pair.certificate, key=bytes(self._pair.key), client_authorities=bundle)

    def follow(self, authority: Authority) -> None:
        """Take the CA as it is now; renew the certificate when it is due."""
        if authority != self.authority or self._pair.is_due(datetime.now(UTC), LEAF_LIFETIME):
            self.authority = authority
            self._pair = self._issued()
