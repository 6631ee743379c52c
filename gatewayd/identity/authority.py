"""The CA over time: made once, replaced before it ends, with an overlap in which both are believed.

1. Two thirds through its life a successor is made and believed by everybody, but signs nothing.
2. After `OVERLAP` everybody has heard of it: it signs, the old one is believed still.
3. What has expired is forgotten.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from gatewayd.identity.certificates import CA_LIFETIME, KeyPair, expiry, make_ca

OVERLAP: Final = timedelta(hours=24)
"""Longer than it takes a changed Secret to reach every pod that has it mounted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """`signing` signs; `successor` will; `retired` signed what may still be out there."""

    signing: KeyPair
    successor: KeyPair | None
    retired: tuple[bytes, ...]

    @property
    def bundle(self) -> bytes:
        """Everything that is believed, PEM."""
        following = (self.successor.certificate,) if self.successor is not None else ()
        return b"".join((self.signing.certificate, *following, *self.retired))


def founded(now: datetime) -> Authority:
    """Return a new authority."""
    return Authority(signing=make_ca(now), successor=None, retired=())


def advanced(authority: Authority, now: datetime) -> Authority:
    """Return the authority as it shall be now: the same object when nothing is due."""
    if authority.successor is None:
        if not authority.signing.is_due(now, CA_LIFETIME):
            return authority
        return replace(authority, successor=make_ca(now))
    since = authority.successor.expires - CA_LIFETIME
    if now < since + OVERLAP:
        return authority
    kept = tuple(each for each in (authority.signing.certificate, *authority.retired) if not _expired(each, now))
    return Authority(signing=authority.successor, successor=None, retired=kept)


def _expired(certificate: bytes, now: datetime) -> bool:
    return expiry(certificate) < now
