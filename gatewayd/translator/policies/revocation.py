"""ClientPolicy, section clientCertificate: revocation lists -> what proxies are told, or why that cannot be had.

While a list cannot be had, no certificate of a client is good: one that is revoked must not come in for that.
https://www.rfc-editor.org/rfc/rfc5280#section-5
"""

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from gatewayd.api.clientpolicy import ClientCertificateSection, ClientPolicy, Revocation, RevocationListRef
from gatewayd.api.core import ConfigMap, Secret
from gatewayd.api.meta import ObjectKey
from gatewayd.incremental.view import View, rescued_query
from gatewayd.ir.tls import RevocationLists
from gatewayd.translator.contents import Content, missing
from gatewayd.translator.policies.credentials import decoded
from gatewayd.translator.policies.effective import Effective
from gatewayd.translator.policies.kinds import InheritedPolicy, by_strategy
from gatewayd.translator.problems import Unsupported
from gatewayd.translator.rescues import blame
from gatewayd.untrusted.pem import Unreadable, rewritten_lists

FIELD: Final = "ca.crl"
"""Where the lists of a CA stand, beside its certificates under `ca.crt`."""


class ListedIn(NamedTuple):
    """The revocation lists of an object, PEM."""

    lists: bytes


def revocation(view: View, sections: Effective) -> RevocationLists | Unsupported | None:
    """Return the lists that are in force, or what is wrong with them, with the path below the section."""
    for ruled in sections.of("client_certificate"):
        section = ruled.value
        if isinstance(section, ClientCertificateSection) and section.revocation is not None:
            return _revocation(view, ruled.policy.namespace, section.revocation)
    return None


def revocation_problems(view: View, row: InheritedPolicy) -> Iterator[str]:
    """Yield what of the revocation lists of a ClientPolicy cannot be had, with its path."""
    for strategy, given in by_strategy(row) if isinstance(row, ClientPolicy) else ():
        section = given.client_certificate
        if section is not None and section.revocation is not None:
            lists = _revocation(view, row.metadata.namespace, section.revocation)
            if isinstance(lists, Unsupported):
                yield f"spec.{strategy}.clientCertificate.{lists.message}"


def contents(row: ClientPolicy) -> Iterator[Content]:
    """Yield the objects that hold the revocation lists of a policy."""
    for _, given in by_strategy(row):
        section = given.client_certificate
        if section is not None and section.revocation is not None:
            yield from (_content(row.metadata.namespace, ref) for ref in section.revocation.lists)


def _content(namespace: str, ref: RevocationListRef) -> Content:
    return Content(ref.kind, ObjectKey(namespace, ref.name))


def _revocation(view: View, namespace: str, given: Revocation) -> RevocationLists | Unsupported:
    pieces: list[bytes] = []
    for at, ref in enumerate(given.lists):
        listed = listed_in(view, _content(namespace, ref))
        if isinstance(listed, str):
            return Unsupported(f"revocation.lists[{at}]: {listed}")
        pieces.append(listed.lists)
    name = "+".join(f"{ref.kind.lower()}/{namespace}/{ref.name}" for ref in given.lists)
    whole_chain = given.checks == "Chain"
    return RevocationLists(
        name=name if whole_chain else f"{name}:leaf", lists=b"".join(pieces), whole_chain=whole_chain
    )


def _unread(_view: View, content: Content, error: Exception, _before: ListedIn | str | None) -> ListedIn | str:
    return blame(f'{content.kind} "{content.key}": data', error)


@rescued_query(_unread)
def listed_in(view: View, content: Content) -> ListedIn | str:
    """Return the revocation lists of a ConfigMap or Secret, or what is wrong with it."""
    text = _READERS[content.kind](view, content.key)
    shown = f'{content.kind} "{content.key}"'
    if text is None:
        return missing(view, content)
    if not text:
        return f"{shown} has no {FIELD}; PEM revocation lists of a CA are needed there"
    lists = rewritten_lists(text)
    return f"{shown} has no PEM revocation list under {FIELD}" if isinstance(lists, Unreadable) else ListedIn(lists)


def _of_configmap(view: View, key: ObjectKey) -> bytes | None:
    row = view.get(ConfigMap, key)
    return None if row is None else row.data.get(FIELD, "").encode(errors="replace")


def _of_secret(view: View, key: ObjectKey) -> bytes | None:
    row = view.get(Secret, key)
    return None if row is None else decoded(row.data.get(FIELD, "")) or b""


_READERS: Final[dict[str, Callable[[View, ObjectKey], bytes | None]]] = {
    "ConfigMap": _of_configmap,
    "Secret": _of_secret,
}
