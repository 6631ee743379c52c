"""What is fetched of token issuers: what AccessPolicies name, how it is reached, and what has come of it.

In: the keys of a policy's providers, and providers of logins. Out: sources, for whoever fetches; what was fetched comes
back as rows. A source is asked by the control plane and not by proxies, so what a tenant may write is bounded: https,
or a backend of his own or of somebody who allows it. Keys that proxies fetch are asked of backends alone.
"""

from collections.abc import Iterator
from dataclasses import replace

from gatewayd.api.accesspolicy import JWT, OIDC, AccessPolicy, KeySet, PolicyBackendRef
from gatewayd.api.core import Service
from gatewayd.api.inherited import PolicySection
from gatewayd.api.kinds import BY_STRUCT
from gatewayd.api.meta import ObjectKey
from gatewayd.incremental.view import Index, Member, Output, Source, View, query, ungrouped
from gatewayd.ir.backend import Endpoint, InvalidBackend, Protocol, Upstream
from gatewayd.ir.key_sets import FetchedKeySet, KeySetSource, KeySetTarget, ProxyKeySet, SourceKeys
from gatewayd.ir.policy import Tokens
from gatewayd.ir.tls import TrustBundle
from gatewayd.translator.backends.backend_refs import ask_for, backend
from gatewayd.translator.backends.endpoints import ServicePortKey, endpoints
from gatewayd.translator.backends.servers import no_plain_text
from gatewayd.translator.policies.backendtls import upstream_settings
from gatewayd.translator.policies.foreign import ACCESS_TABLES, access_row
from gatewayd.translator.policies.kinds import by_strategy
from gatewayd.translator.policies.tokens import tokens
from gatewayd.translator.problems import Unsupported
from gatewayd.untrusted.provider_metadata import metadata_uri

_PLAIN = "http://"


def key_source(view: View, namespace: str, written: KeySet) -> KeySetSource | ProxyKeySet | str:
    """Return where a policy of a namespace has its keys from, or what is wrong with that, with the path below it."""
    ref = written.backend_ref
    if written.uri is None or (ref is None and written.uri.startswith(_PLAIN)):
        return "uri: must be of the scheme https, unless a backendRef says who is asked"
    if ref is None:
        return KeySetSource(uri=written.uri, via=None)
    upstream = _backend(view, namespace, ref)
    if isinstance(upstream, str):
        return upstream
    is_by_proxies = written.fetched_by == "Proxy"
    if upstream.kind != "Service" and not is_by_proxies:
        return f"backendRef: kind {upstream.kind} is not supported here; allowed: Service, or fetchedBy Proxy"
    own = ProxyKeySet(uri=written.uri, via=upstream) if is_by_proxies else _asked_at(written.uri, upstream)
    return _plain_text(view, upstream, written.uri) or own


def provider_source(view: View, namespace: str, section: OIDC) -> KeySetSource | str | None:
    """Return where a provider says of itself what a login needs; None when the policy says it all.

    Or what is wrong with that, with the path below the section. A backend that is none of the cluster is asked as the
    internet knows it.
    """
    if section.token_endpoint is not None or section.issuer is None or section.backend_ref is None:
        return None
    uri = metadata_uri(section.issuer)
    upstream = _backend(view, namespace, section.backend_ref)
    if isinstance(upstream, str):
        return upstream
    if upstream.kind == "Service":
        wrong = _plain_text(view, upstream, uri).replace("uri:", "issuer:", 1)
        return wrong or replace(_asked_at(uri, upstream), is_provider=True)
    if uri.startswith(_PLAIN):
        return "issuer: must be of the scheme https, unless backendRef is a Service"
    return KeySetSource(uri=uri, via=None, is_provider=True)


def _asked_at(uri: str, upstream: Upstream) -> KeySetSource:
    # Whatever else the backend speaks, a document is asked for in one way.
    return KeySetSource(uri=uri, via=replace(upstream, protocol=Protocol.HTTP1))


def _backend(view: View, namespace: str, ref: PolicyBackendRef) -> Upstream | str:
    target = backend(view, ask_for(BY_STRUCT[AccessPolicy].group_kind, namespace, ref, Protocol.HTTP1))
    return f"backendRef: {target.message}" if isinstance(target, InvalidBackend) else target.upstream


def _plain_text(view: View, upstream: Upstream, uri: str) -> str:
    """Return why a backend that is to be spoken to under TLS cannot be, "" when it can."""
    refused = no_plain_text(view, upstream)
    if refused is not None:
        return f"backendRef: {refused.message}"
    if uri.startswith(_PLAIN) and upstream_settings(view, upstream) is not None:
        return "uri: must be of the scheme https: a BackendTLSPolicy has the backend spoken to under TLS"
    return ""


def access_tokens(view: View, namespace: str, section: JWT) -> Tokens | Unsupported:
    """Return what a section says, or what is wrong with it, with the path below the section."""
    sources: list[KeySetSource | ProxyKeySet | None] = []
    for at, provider in enumerate(section.providers):
        source = key_source(view, namespace, provider.keys) if provider.keys.inline is None else None
        if isinstance(source, str):
            return Unsupported(f"providers[{at}].keys.{source}")
        sources.append(source)
    return tokens(section, tuple(sources))


def _sources(view: View, row: AccessPolicy) -> Iterator[tuple[str, KeySetSource]]:
    """Yield the sources of a policy that can be honoured, each with its path."""
    for strategy, given in by_strategy(row):
        if given.jwt is not None:
            of_keys = _key_sources(view, row.metadata.namespace, given.jwt)
            yield from ((f"spec.{strategy}.jwt.{path}", source) for path, source in of_keys)
        if given.oidc is not None:
            source = provider_source(view, row.metadata.namespace, given.oidc)
            if isinstance(source, KeySetSource):
                yield f"spec.{strategy}.oidc.issuer", source


def _key_sources(view: View, namespace: str, section: JWT) -> Iterator[tuple[str, KeySetSource]]:
    for at, provider in enumerate(section.providers):
        if provider.keys.inline is None:
            source = key_source(view, namespace, provider.keys)
            if isinstance(source, KeySetSource):
                yield f"providers[{at}].keys", source


def source_words(view: View, namespace: str, section: PolicySection) -> Iterator[str]:
    """Yield where what a section needs comes from, and since when, of all that is fetched for it."""
    match section:
        case JWT():
            sources = [(f"keys of {each.name}", each.keys) for each in section.providers if each.keys.inline is None]
            for what, keys in sources:
                yield from _words(view, what, key_source(view, namespace, keys))
        case OIDC():
            yield from _words(view, "endpoints", provider_source(view, namespace, section))
        case _:
            return


def _words(view: View, what: str, source: KeySetSource | ProxyKeySet | str | None) -> Iterator[str]:
    if isinstance(source, ProxyKeySet):
        yield f"{what}: each proxy asks {source.via.kind} {source.via.namespace}/{source.via.name} for {source.uri}"
    if not isinstance(source, KeySetSource):
        return
    known = view.get(FetchedKeySet, source)
    if known is None or not known.keys:
        since = "not fetched yet"
    else:
        since = f"unchanged since {known.since}" if known.since else "kept from before gatewayd started"
    fault = f"; the last request failed: {known.fault}" if known is not None and known.fault else ""
    yield f"{what}: {source}, {since}{fault}"


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
    fetched = ((source, row.keys) for source, row in rows if row is not None and not source.is_provider)
    return tuple(SourceKeys(source=source, keys=keys) for source, keys in fetched if keys)


def are_keys_asked(view: View, row: AccessPolicy) -> bool:
    """Return whether a policy has keys that are fetched, and each source has been asked once."""
    sources = policy_sources(view, Member(AccessPolicy, row.metadata.key))
    return bool(sources) and all(view.get(FetchedKeySet, each) is not None for each in sources)


def key_set_faults(view: View, row: AccessPolicy) -> Iterator[str]:
    """Yield which keys of a policy could not be fetched lately, and what comes of that."""
    for path, source in _sources(view, row):
        known = view.get(FetchedKeySet, source)
        if known is not None and known.fault:
            without = "requests get a 500" if source.is_provider else "until there are keys its tokens get a 401"
            meanwhile = "what was fetched last stays" if known.keys else without
            yield f"{path}: {source}: {known.fault}; {meanwhile}"
