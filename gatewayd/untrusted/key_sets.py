"""JSON Web Key Sets -> the keys that tokens can be checked by, written in one way.

Envoy refuses a whole route table for one key set that it cannot read, so each key is read here first, and what Envoy is
given is made anew: public keys for signatures, without anything else that stood beside them. Keys for other purposes
and of other types are left out, as RFC 7517 asks; a private key is refused.
https://www.rfc-editor.org/rfc/rfc7517#section-5, https://www.rfc-editor.org/rfc/rfc7518#section-6
"""

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, NamedTuple

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

_PRIVATE: Final = ("d", "k")
_CURVES: Final[Mapping[str, tuple[ec.EllipticCurve, str]]] = {
    "P-256": (ec.SECP256R1(), "ES256"),
    "P-384": (ec.SECP384R1(), "ES384"),
    "P-521": (ec.SECP521R1(), "ES512"),
}
_RSA_ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")
_RSA_BITS: Final = range(2048, 8193)
"""Shorter ones are not safe any more; longer ones cost the proxy more than any provider asks for."""
_MOST_KEYS: Final = 32
_LONGEST_NAME: Final = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class NoKeys:
    """A text that no token can be checked by. `why` tells nothing of what is in it."""

    why: str


class _KeyError(Exception):
    """A key cannot be used; nothing is said of what is in it."""


class _Key(NamedTuple):
    """What a type of key is made of, and the algorithms that it may name."""

    members: dict[str, str]
    algorithms: tuple[str, ...]


@lru_cache(maxsize=256)
def public_keys(text: str) -> str | NoKeys:
    """Return a key set with what is needed of `text`, or why it has no key to check a token by."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return NoKeys(why="is not JSON")
    keys = found.get("keys") if isinstance(found, dict) else None
    if not isinstance(keys, list) or not keys or not all(isinstance(each, dict) for each in keys):
        return NoKeys(why="has no list of keys")
    if len(keys) > _MOST_KEYS:
        return NoKeys(why=f"has {len(keys)} keys; at most {_MOST_KEYS} are allowed")
    if any(name in each for each in keys for name in _PRIVATE):
        return NoKeys(why="has a private key, or a shared secret")
    usable = [made for each in keys if (made := _usable(each)) is not None]
    return json.dumps({"keys": usable}) if usable else NoKeys(why="has no key that signatures can be checked by")


def _usable(key: Mapping[str, Any]) -> dict[str, str] | None:
    read = _TYPES.get(key["kty"]) if isinstance(key.get("kty"), str) else None
    if read is None or key.get("use", "sig") != "sig":
        return None
    try:
        made = read(key)
    except (_KeyError, ValueError, TypeError, KeyError, OverflowError):
        return None
    named = {name: key[name] for name in ("kid", "alg") if name in key}
    if any(not isinstance(each, str) or len(each) > _LONGEST_NAME for each in named.values()):
        return None
    if named.get("alg", made.algorithms[0]) not in made.algorithms:
        return None
    return {"kty": key["kty"], **made.members, **named}


def _rsa(key: Mapping[str, Any]) -> _Key:
    modulus, exponent = _number(key["n"]), _number(key["e"])
    if modulus.bit_length() not in _RSA_BITS or exponent.bit_length() > 32:
        raise _KeyError
    rsa.RSAPublicNumbers(e=exponent, n=modulus).public_key()
    return _Key({"n": _text(modulus), "e": _text(exponent)}, _RSA_ALGORITHMS)


def _ec(key: Mapping[str, Any]) -> _Key:
    curve, algorithm = _CURVES[key["crv"]]
    x, y = _number(key["x"]), _number(key["y"])
    ec.EllipticCurvePublicNumbers(x=x, y=y, curve=curve).public_key()
    size = (curve.key_size + 7) // 8
    return _Key({"crv": key["crv"], "x": _text(x, size), "y": _text(y, size)}, (algorithm,))


def _ed25519(key: Mapping[str, Any]) -> _Key:
    if key["crv"] != "Ed25519":
        raise _KeyError
    data = _bytes(key["x"])
    ed25519.Ed25519PublicKey.from_public_bytes(data)
    return _Key({"crv": "Ed25519", "x": _encoded(data)}, ("EdDSA",))


_TYPES: Final[Mapping[str, Callable[[Mapping[str, Any]], _Key]]] = {"RSA": _rsa, "EC": _ec, "OKP": _ed25519}


def _bytes(text: object) -> bytes:
    if not isinstance(text, str):
        raise _KeyError
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def _number(text: object) -> int:
    return int.from_bytes(_bytes(text), "big")


def _text(number: int, size: int = 0) -> str:
    return _encoded(number.to_bytes(size or (number.bit_length() + 7) // 8, "big"))


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
