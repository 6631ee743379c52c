"""AccessPolicy, sections jwt and authorization: what must be in a token and in a request.

https://www.rfc-editor.org/rfc/rfc7519, https://www.rfc-editor.org/rfc/rfc7517
"""

from collections.abc import Iterator
from functools import lru_cache

from msgspec import structs

from gatewayd.api.accesspolicy import JWT, AccessCondition, Authorization, JWTProvider, RequestParts
from gatewayd.ir.key_sets import KeySetSource, ProxyKeySet
from gatewayd.ir.policy import ClaimHeader, NamedValues, Permission, RequestCondition, TokenIssuer, Tokens
from gatewayd.translator.policies.told import refused_header
from gatewayd.translator.problems import Unsupported
from gatewayd.untrusted.key_sets import NoKeys, public_keys


@lru_cache(maxsize=256)
def tokens(section: JWT, sources: tuple[KeySetSource | ProxyKeySet | None, ...]) -> Tokens | Unsupported:
    """Return what a section says, or what is wrong with it, with the path below the section.

    `sources` says of each provider where its keys are fetched from; None: they are `inline`.
    """
    wrong = next((f"providers[{at}].{why}" for at, each in enumerate(section.providers) for why in _wrong(each)), None)
    if wrong is not None:
        return Unsupported(wrong)
    return Tokens(issuers=tuple(map(_issuer, section.providers, sources)), is_optional=bool(section.optional))


def _issuer(provider: JWTProvider, source: KeySetSource | ProxyKeySet | None) -> TokenIssuer:
    keys = source or public_keys(provider.keys.inline or "")
    return TokenIssuer(
        name=provider.name,
        issuer=provider.issuer,
        audiences=provider.audiences,
        keys="" if isinstance(keys, NoKeys) else keys,
        claim_headers=tuple(ClaimHeader(claim=each.claim, header=each.header) for each in provider.claim_headers),
    )


def _wrong(provider: JWTProvider) -> Iterator[str]:
    keys = public_keys(provider.keys.inline) if provider.keys.inline is not None else None
    if isinstance(keys, NoKeys):
        yield f"keys.inline: {keys.why}; allowed: a JSON Web Key Set with public keys of type RSA, EC or OKP"
    for at, each in enumerate(provider.claim_headers):
        why = refused_header(each.header)
        if why:
            yield f"claimHeaders[{at}].header: {why}"


@lru_cache(maxsize=256)
def called_from(section: Authorization, namespace: str) -> Authorization:
    """Return what a section says of requests of a namespace's pods, "" for all that are not known to be of one.

    A condition for other namespaces does not hold, and where all of `allow` are such, nobody passes.
    """
    if not any(each.namespaces for each in section.allow):
        return section
    theirs = (each for each in section.allow if not each.namespaces or namespace in each.namespaces)
    allow = tuple(structs.replace(each, namespaces=()) for each in theirs)
    # A condition without parts holds for every request.
    return structs.replace(section, allow=allow, deny=section.deny if allow else (AccessCondition(),))


@lru_cache(maxsize=256)
def permission(written: Authorization) -> Permission:
    """Return what a section says of requests of which it is not known from which namespace they come."""
    section = called_from(written, "")
    return Permission(allow=tuple(map(_condition, section.allow)), deny=tuple(map(_condition, section.deny)))


def asks_claims(section: Authorization) -> bool:
    """Return whether a section looks at what tokens say."""
    return any(each.claims for each in (*section.allow, *section.deny))


def _condition(written: RequestParts) -> RequestCondition:
    return RequestCondition(
        claims=tuple(NamedValues(name=each.name, values=each.values) for each in written.claims),
        headers=tuple(NamedValues(name=each.name.lower(), values=each.values) for each in written.headers),
        methods=written.methods,
        paths=written.paths,
    )
