"""A key of a token issuer for the cases, made anew in each run, and tokens that it has signed."""

from __future__ import annotations

import base64
import json
from typing import Any, Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

_BYTES: Final = 32
_KEY: Final = ec.generate_private_key(ec.SECP256R1())
_NUMBERS: Final = _KEY.public_key().public_numbers()


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _number(value: int) -> str:
    return _text(value.to_bytes(_BYTES, "big"))


JWKS: Final = json.dumps(
    {"keys": [{"kty": "EC", "crv": "P-256", "alg": "ES256", "kid": "a", "use": "sig",
               "x": _number(_NUMBERS.x), "y": _number(_NUMBERS.y)}]}
)  # fmt: skip
"""The public key, as a JSON Web Key Set."""


def token(**claims: Any) -> str:
    """Return a token for ann and the audience shop, unless `claims` say otherwise."""
    body = {"iss": "https://idp.example", "aud": "shop", "sub": "ann", "exp": 4_102_444_800, **claims}
    signed = ".".join(_text(json.dumps(each).encode()) for each in ({"alg": "ES256", "kid": "a"}, body))
    first, second = decode_dss_signature(_KEY.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
    return f"{signed}.{_text(first.to_bytes(_BYTES, 'big') + second.to_bytes(_BYTES, 'big'))}"
