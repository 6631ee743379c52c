"""kubeconfig -> how a member is reached, rebuilt field by field, so that what is not known here leads nowhere.

Only what stands in the text itself is taken: no program is run, no file is read, no other host is asked for a token.
In: the text. Out: `Credentials`, or what is wrong and what is allowed. No message shows a token or a key.
https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/
"""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

import yaml

from gatewayd.ir.member_limits import MEMBER_KUBECONFIG_BYTES

KUBECONFIG_KEY: Final = "kubeconfig"
_CLUSTER: Final = ("server", "certificate-authority-data", "tls-server-name")
_USER: Final = ("token", "client-certificate-data", "client-key-data")
_IDLE: Final = ("extensions", "disable-compression", "insecure-skip-tls-verify")
"""Fields of a cluster that change nothing here; the last one only while it is false."""
_TOKEN: Final = re.compile(r"[!-~]+\Z")
_HOST: Final = re.compile(r"[A-Za-z0-9.:_-]+\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """`url` is https, without a path's end; `authority` is PEM. Either a token, or a certificate with its key."""

    url: str
    authority: str
    server_name: str
    token: str = field(default="", repr=False)
    certificate: bytes = b""
    key: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedCredentials:
    """Why a kubeconfig is not used."""

    why: str

    def __str__(self) -> str:
        return self.why


class _WrongError(Exception):
    """What is wrong with the text."""


def credentials(text: bytes | None) -> Credentials | RefusedCredentials:
    """Return how a member is reached, by the current context of a kubeconfig; None: there is none."""
    try:
        return _read(text)
    except _WrongError as error:
        return RefusedCredentials(why=f"data[{KUBECONFIG_KEY}]: {error}")


def _read(text: bytes | None) -> Credentials:
    if text is None:
        raise _WrongError("is missing; a kubeconfig is allowed")
    if len(text) > MEMBER_KUBECONFIG_BYTES:
        raise _WrongError(f"is too long; at most {MEMBER_KUBECONFIG_BYTES} bytes are allowed")
    document = _document(text)
    context = _of_name(document, "contexts", "context", _text(document, "current-context", ""))
    cluster = _of_name(document, "clusters", "cluster", _text(context, "cluster", "contexts[].context."))
    user = _of_name(document, "users", "user", _text(context, "user", "contexts[].context."))
    _known(cluster, "clusters[].cluster", (*_CLUSTER, *_IDLE))
    if cluster.get("insecure-skip-tls-verify", False) is not False:
        raise _WrongError("clusters[].cluster.insecure-skip-tls-verify: must be false; a CA is allowed instead")
    _known(user, "users[].user", _USER)
    return Credentials(
        url=_server(_text(cluster, "server", "clusters[].cluster.")),
        authority=_pem(cluster, "certificate-authority-data", "clusters[].cluster.").decode("ascii", "replace"),
        server_name=_server_name(cluster.get("tls-server-name", "")),
        **_identity(user),
    )


def _document(text: bytes) -> Mapping[str, Any]:
    try:
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            if isinstance(event, yaml.AliasEvent):
                raise _WrongError("has aliases; plain YAML is allowed")
        document = yaml.load(text, Loader=yaml.CSafeLoader)
    except (yaml.YAMLError, ValueError, RecursionError):
        # What a parser says quotes the text, which holds keys.
        raise _WrongError("is no YAML; a kubeconfig is allowed") from None
    return _mapping(document, "")


def _mapping(value: object, path: str) -> Mapping[str, Any]:
    if not isinstance(value, dict) or not all(isinstance(each, str) for each in value):
        raise _WrongError(f"{path or 'it'}: is no mapping; a kubeconfig is allowed")
    return value


def _of_name(document: Mapping[str, Any], plural: str, singular: str, name: str) -> Mapping[str, Any]:
    listed = document.get(plural)
    for each in listed if isinstance(listed, list) else ():
        if isinstance(each, dict) and each.get("name") == name:
            return _mapping(each.get(singular), f"{plural}[].{singular}")
    raise _WrongError(f"{plural}: has none of the name that is asked for; the current context names what is used")


def _known(value: Mapping[str, Any], path: str, allowed: tuple[str, ...]) -> None:
    unknown = sorted(value.keys() - set(allowed))
    if unknown:
        shown = ", ".join(each[:40] for each in allowed if each not in _IDLE)
        raise _WrongError(f"{path}.{unknown[0][:40]}: is refused; allowed: {shown}, each with its content in place")


def _text(value: Mapping[str, Any], name: str, path: str) -> str:
    text = value.get(name)
    if not isinstance(text, str) or not text:
        raise _WrongError(f"{path}{name}: is missing; text is allowed")
    return text


def _server(text: str) -> str:
    try:
        parts = urlsplit(text)
        good = bool(parts.scheme == "https" and parts.hostname and _HOST.match(parts.hostname)) and parts.port != 0
    except ValueError:
        good = False
    if not good or parts.username is not None or parts.query or parts.fragment:
        raise _WrongError("clusters[].cluster.server: is no https URL of a host; such a one is allowed")
    return text.rstrip("/")


def _server_name(value: object) -> str:
    if not isinstance(value, str) or (value and not _HOST.match(value)):
        raise _WrongError("clusters[].cluster.tls-server-name: is no host name; one is allowed")
    return value


def _identity(user: Mapping[str, Any]) -> dict[str, Any]:
    if "token" in user:
        token = _text(user, "token", "users[].user.")
        if not _TOKEN.match(token):
            raise _WrongError("users[].user.token: has characters that no token has; visible ASCII is allowed")
        return {"token": token}
    if not user:
        raise _WrongError("users[].user: is empty; a token, or a certificate with its key, is allowed")
    return {
        "certificate": _pem(user, "client-certificate-data", "users[].user."),
        "key": _pem(user, "client-key-data", "users[].user."),
    }


def _pem(value: Mapping[str, Any], name: str, path: str) -> bytes:
    try:
        data = base64.b64decode(_text(value, name, path), validate=True)
    except ValueError:  # binascii.Error is one, and so is what a letter beyond ASCII leads to
        data = b""
    if not data.startswith(b"-----BEGIN "):
        raise _WrongError(f"{path}{name}: is no base64 of PEM; that is allowed")
    return data
