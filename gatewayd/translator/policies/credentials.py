"""AccessPolicy, sections apiKeys and basic: Secrets -> who may come in. Nothing of what they hold is told to anybody.

What cannot be had is named with its field and closes the scope: a Secret that is missing, or is in another namespace
without a ReferenceGrant, or that Envoy could not read. https://gateway-api.sigs.k8s.io/reference/spec/#referencegrant
"""

import base64
import re
from collections.abc import Iterator
from typing import Final

from gatewayd.api.accesspolicy import AccessPolicy, APIKeys, Basic, SecretRef
from gatewayd.api.core import Secret
from gatewayd.api.kinds import BY_STRUCT
from gatewayd.api.meta import GroupKind, ObjectKey
from gatewayd.api.names import shown
from gatewayd.incremental.view import View, query
from gatewayd.ir.policy import APIKey, APIKeyClients, BasicUser, BasicUsers, KeySource
from gatewayd.ir.tls import PrivateBytes
from gatewayd.translator.contents import Content, missing
from gatewayd.translator.policies.kinds import by_strategy
from gatewayd.translator.policies.told import refused_header
from gatewayd.translator.problems import Unsupported
from gatewayd.translator.reference_grants import Pointer, permitted
from gatewayd.untrusted.htpasswd import NoUsers, users

HTPASSWD: Final = ".htpasswd"
MOST_CLIENTS: Final = 256
"""They stand in every route that asks for them."""
_SECRET: Final = GroupKind("", "Secret")
_CLIENT: Final = re.compile(r"[!-~]{1,253}")
_KEY: Final = re.compile(rb"[!-~]{1,4096}")
_DEFAULT_SOURCES: Final = (KeySource(kind="Header", name="x-api-key"),)


def secret_pointer(ref: SecretRef, namespace: str) -> Pointer:
    """Return what a policy of a namespace points at."""
    to = ObjectKey(ref.namespace or namespace, ref.name)
    return Pointer(ref.written_in or BY_STRUCT[AccessPolicy].group_kind, namespace, _SECRET, to)


def secret_pointers(row: AccessPolicy) -> Iterator[Pointer]:
    """Yield the Secrets that a policy points at."""
    for _, given in by_strategy(row):
        keys = given.api_keys.secret_refs if given.api_keys is not None else ()
        basic = given.basic.secret_ref if given.basic is not None else None
        client = given.oidc.client_secret_ref if given.oidc is not None else None
        for ref in (*keys, basic, client):
            if ref is not None:
                yield secret_pointer(ref, row.metadata.namespace)


def api_keys(view: View, namespace: str, section: APIKeys) -> APIKeyClients | Unsupported:
    """Return what a section says, or what is wrong with it, with the path below the section."""
    wrong = _wrong_headers(section)
    if wrong:
        return Unsupported(wrong)
    found: dict[bytes, APIKey] = {}
    for at, ref in enumerate(section.secret_refs):
        path = f"secretRefs[{at}]"
        pointer = secret_pointer(ref, namespace)
        keys = refused_secret(view, pointer) or client_keys(view, pointer.to)
        if isinstance(keys, str):
            return Unsupported(f"{path}: {keys}")
        for each in keys:
            if (other := found.setdefault(bytes(each.key), each)) is not each:
                same = f"clients {shown(other.client)} and {shown(each.client)} have the same key"
                return Unsupported(f"{path}: {same}; a key must be one client's")
    if len(found) > MOST_CLIENTS:
        return Unsupported(f"secretRefs: have {len(found)} clients; at most {MOST_CLIENTS} are allowed")
    sources = tuple(KeySource(kind=each.type, name=each.name) for each in section.sources)
    return APIKeyClients(
        keys=tuple(found.values()), sources=sources or _DEFAULT_SOURCES, client_header=section.client_header or ""
    )


def _wrong_headers(section: APIKeys) -> str:
    for at, each in enumerate(section.sources):
        if each.type == "Header" and (why := refused_header(each.name)):
            return f"sources[{at}].name: {why}"
    why = refused_header(section.client_header or "")
    return f"clientHeader: {why}" if why else ""


def basic_users(view: View, namespace: str, section: Basic) -> BasicUsers | Unsupported:
    """Return what a section says, or what is wrong with it, with the path below the section."""
    why = refused_header(section.client_header or "")
    if why:
        return Unsupported(f"clientHeader: {why}")
    if section.secret_ref is None:
        return Unsupported("secretRef: is required")
    pointer = secret_pointer(section.secret_ref, namespace)
    found = refused_secret(view, pointer) or password_users(view, pointer.to)
    if isinstance(found, str):
        return Unsupported(f"secretRef: {found}")
    return BasicUsers(users=found, client_header=section.client_header or "")


def refused_secret(view: View, pointer: Pointer) -> str:
    """Return why a reference must not be followed, "" when it may be; the Secret is not looked up before."""
    if permitted(view, pointer):
        return ""
    return f'Secret "{pointer.to}" is in another namespace without a ReferenceGrant'


@query
def client_keys(view: View, secret: ObjectKey) -> tuple[APIKey, ...] | str:
    """Return the clients of a Secret, whose every entry is one with its key, or what is wrong with it."""
    row = view.get(Secret, secret)
    if row is None:
        return missing(view, Content("Secret", secret))
    found = []
    for client, text in sorted(row.data.items()):
        key = decoded(text)
        if not _CLIENT.fullmatch(client):
            return f'Secret "{secret}": a client\'s name has letters that no header may have'
        if key is None or not _KEY.fullmatch(key):
            return f'Secret "{secret}": the key of {shown(client)} is none; allowed: up to 4096 visible ASCII letters'
        found.append(APIKey(client=client, key=PrivateBytes(key)))
    return tuple(found) or f'Secret "{secret}" has no entries; each is a client with its key'


@query
def password_users(view: View, secret: ObjectKey) -> tuple[BasicUser, ...] | str:
    """Return the users of a Secret, or what is wrong with it."""
    row = view.get(Secret, secret)
    if row is None:
        return missing(view, Content("Secret", secret))
    text = decoded(row.data.get(HTPASSWD, ""))
    if not text:
        return f'Secret "{secret}" has no {HTPASSWD}; allowed: a file that "htpasswd -s" has made'
    found = users(text.decode("utf-8", "replace"))
    if isinstance(found, NoUsers):
        return (
            f'Secret "{secret}": {HTPASSWD} {found.why}; allowed: lines as "htpasswd -s" makes them, user:{{SHA}}hash'
        )
    return tuple(BasicUser(name=name, sha1=PrivateBytes(sha1.encode())) for name, sha1 in found)


def decoded(text: str) -> bytes | None:
    """Return what a Secret's entry holds; a line break at its end, which editors leave there, does not count."""
    try:
        return base64.b64decode(text, validate=True).rstrip(b"\r\n")
    except ValueError:
        return None
