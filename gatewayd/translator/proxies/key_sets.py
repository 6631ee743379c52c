"""Key sets that are fetched: which ones AccessPolicies name, how they are reached, and what has come of them.

In: the keys of a policy's providers. Out: sources, for whoever fetches; what was fetched comes back as rows.
A source is asked by the control plane and not by proxies, so what a tenant may write is bounded: https, or a backend of
his own or of somebody who allows it.
"""

from collections.abc import Iterator
from dataclasses import replace

from gatewayd.api.accesspolicy import JWT, AccessPolicy, KeySet
from gatewayd.api.core import Service
from gatewayd.api.kinds import BY_STRUCT
from gatewayd.api.meta import ObjectKey
from gatewayd.incremental.view import Index, Member, Output, Source, View, query, ungrouped
from gatewayd.ir.backend import Endpoint, InvalidBackend, Protocol, Upstream
from gatewayd.ir.key_sets import FetchedKeySet, KeySetSource, KeySetTarget, SourceKeys
from gatewayd.ir.policy import Tokens
from gatewayd.ir.tls import TrustBundle
from gatewayd.translator.backends.backend_refs import BackendAsk, backend
from gatewayd.translator.backends.endpoints import ServicePortKey, endpoints
from gatewayd.translator.policies.backendtls import upstream_settings
from gatewayd.translator.policies.foreign import ACCESS_TABLES, access_row
from gatewayd.translator.policies.tokens import tokens
from gatewayd.translator.problems import Unsupported

_PLAIN = "http://"


def key_source(view: View, namespace: str, written: KeySet) -> KeySetSource | str:
    """Return where a policy of a namespace has its keys from, or what is wrong with that, with the path below it."""
    ref = written.backend_ref
    if written.uri is None or (ref is None and written.uri.startswith(_PLAIN)):
        return "uri: must be of the scheme https, unless a backendRef says who is asked"
    if ref is None:
        return KeySetSource(uri=written.uri, via=None)
    to = ObjectKey(ref.namespace or namespace, ref.name)
    source = BY_STRUCT[AccessPolicy].group_kind
    server = backend(view, BackendAsk(source, namespace, ref.group_kind, to, ref.port, Protocol.HTTP1))
    if isinstance(server, InvalidBackend):
        return f"backendRef: {server.message}"
    if server.upstream.kind != "Service":
        return f"backendRef: kind {server.upstream.kind} is not supported here; allowed: Service"
    # Whatever else the backend speaks, a key set is asked for in one way.
    own = KeySetSource(uri=written.uri, via=replace(server.upstream, protocol=Protocol.HTTP1))
    return _plain_text(view, server.upstream, written.uri) or own


def _plain_text(view: View, upstream: Upstream, uri: str) -> str:
    """Return why a backend that is to be spoken to under TLS cannot be, "" when it can."""
    settings = upstream_settings(view, upstream)
    if settings is not None and settings.tls is None:
        return f"backendRef: no plain text is sent: {settings.accepted.message}"
    if settings is not None and uri.startswith(_PLAIN):
        return "uri: must be of the scheme https: a BackendTLSPolicy has the backend spoken to under TLS"
    return ""


def access_tokens(view: View, namespace: str, section: JWT) -> Tokens | Unsupported:
    """Return what a section says, or what is wrong with it, with the path below the section."""
    sources: list[KeySetSource | None] = []
    for at, provider in enumerate(section.providers):
        source = key_source(view, namespace, provider.keys) if provider.keys.inline is None else None
        if isinstance(source, str):
            return Unsupported(f"providers[{at}].keys.{source}")
        sources.append(source)
    return tokens(section, tuple(sources))


def _sections(row: AccessPolicy) -> Iterator[tuple[str, JWT]]:
    for strategy, given in (("default", row.spec.default), ("override", row.spec.override)):
        if given is not None and given.jwt is not None:
            yield f"spec.{strategy}.jwt", given.jwt


def _sources(view: View, row: AccessPolicy) -> Iterator[tuple[str, KeySetSource]]:
    """Yield the sources of a policy that can be honoured, each with its path."""
    for path, section in _sections(row):
        for at, provider in enumerate(section.providers):
            if provider.keys.inline is None:
                source = key_source(view, row.metadata.namespace, provider.keys)
                if not isinstance(source, str):
                    yield f"{path}.providers[{at}].keys", source


@query
def policy_sources(view: View, member: Member) -> tuple[KeySetSource, ...]:
    """Return the sources that a policy names, each once."""
    row = access_row(view, member)
    return () if row is None else tuple(dict.fromkeys(source for _, source in _sources(view, row)))


SOURCES = Index(
    name="key_set_sources",
    sources=tuple(Source(table=table, query=policy_sources) for table in ACCESS_TABLES),
    group=ungrouped,
)


@query
def key_set_targets(view: View, member: Member) -> tuple[KeySetTarget, ...] | None:
    """Return what a policy has fetched, and where; None where it is nothing."""
    sources = policy_sources(view, member)
    return tuple(_target(view, each) for each in sources) or None


def _target(view: View, source: KeySetSource) -> KeySetTarget:
    settings = upstream_settings(view, source.via) if source.via is not None else None
    trust = settings.tls.trust if settings is not None and settings.tls is not None else None
    trusted = trust.certificates if isinstance(trust, TrustBundle) else b""
    return KeySetTarget(source=source, endpoints=_endpoints(view, source.via), trusted=trusted)


def _endpoints(view: View, via: Upstream | None) -> tuple[Endpoint, ...]:
    if via is None:
        return ()
    key = ObjectKey(via.namespace, via.name)
    row = view.get(Service, key)
    names = (each.name for each in row.spec.ports if each.port == via.port) if row is not None else iter(())
    return endpoints(view, ServicePortKey(key, next(names, ""), "TCP"))


KEY_SETS = Output(
    name="key_sets",
    sources=tuple(Source(table=table, query=key_set_targets) for table in ACCESS_TABLES),
    on_demand=True,
)
"""What is to be fetched, for each policy."""


@query
def fetched_key_sets(view: View, _everywhere: tuple[()]) -> tuple[SourceKeys, ...]:
    """Return all key sets that have been fetched, of all that policies name."""
    rows = ((source, view.get(FetchedKeySet, source)) for source in view.group(SOURCES, None))
    return tuple(SourceKeys(source=source, keys=row.keys) for source, row in rows if row is not None and row.keys)


def are_keys_asked(view: View, row: AccessPolicy) -> bool:
    """Return whether a policy has keys that are fetched, and each source has been asked once."""
    sources = policy_sources(view, Member(AccessPolicy, row.metadata.key))
    return bool(sources) and all(view.get(FetchedKeySet, each) is not None for each in sources)


def key_set_faults(view: View, row: AccessPolicy) -> Iterator[str]:
    """Yield which keys of a policy could not be fetched lately, and what comes of that."""
    for path, source in _sources(view, row):
        known = view.get(FetchedKeySet, source)
        if known is not None and known.fault:
            meanwhile = "the last good keys stay" if known.keys else "until there are keys its tokens get a 401"
            yield f"{path}: {source}: {known.fault}; {meanwhile}"
