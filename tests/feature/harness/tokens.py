"""Tokens of a provider for the tests, signed with a key that is made for them.

https://www.rfc-editor.org/rfc/rfc7515, https://www.rfc-editor.org/rfc/rfc7518#section-3.4
"""

import base64
import json
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

ISSUER = "https://idp.example"


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _json(value: Any) -> str:
    return _text(json.dumps(value).encode())


class Provider:
    """Signs tokens; `keys` is the set that they are checked by."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())

    @property
    def keys(self) -> str:
        """Return the JSON Web Key Set."""
        numbers = self._key.public_key().public_numbers()
        point = {axis: _text(getattr(numbers, axis).to_bytes(32, "big")) for axis in ("x", "y")}
        return json.dumps({"keys": [{"kty": "EC", "crv": "P-256", "alg": "ES256", "kid": "one", **point}]})

    def token(self, **claims: Any) -> str:
        """Return a token for the shop, with these claims beside or instead of the usual ones."""
        usual = {"iss": ISSUER, "aud": "shop", "sub": "ann", "exp": 4_000_000_000}
        signed = f"{_json({'alg': 'ES256', 'kid': 'one', 'typ': 'JWT'})}.{_json({**usual, **claims})}"
        one, two = decode_dss_signature(self._key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
        return f"{signed}.{_text(one.to_bytes(32, 'big') + two.to_bytes(32, 'big'))}"
