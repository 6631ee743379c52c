"""Rules for sections of policies whose parts depend on one another: keys of token issuers, and rate limits."""

from gatewayd.api.accesspolicy import KeySet
from gatewayd.api.meta import Problem, Problems
from gatewayd.api.routepolicy import RateLimitSection


def key_set_given(keys: KeySet) -> Problems:
    """Check that keys are inline or fetched, from a URI that may be asked for (spec.default.jwt.providers.keys)."""
    if (keys.inline is None) == (keys.uri is None):
        yield Problem(path="", message="must have one of inline, uri")
    if keys.backend_ref is not None and keys.uri is None:
        yield Problem(path="backendRef", message="is for keys with a uri")
    if keys.fetched_by == "Proxy" and keys.backend_ref is None:
        yield Problem(path="backendRef", message="is required with fetchedBy Proxy: a proxy asks backends alone")
    if keys.fetched_by is not None and keys.uri is None:
        yield Problem(path="fetchedBy", message="is for keys with a uri")
    if keys.uri is not None and keys.uri.startswith("http:") and keys.backend_ref is None:
        yield Problem(path="uri", message="must be of the scheme https, unless a backendRef says who is asked")


def limit_given(section: RateLimitSection) -> Problems:
    """Check that something is limited, by what is known then (spec.default.rateLimit)."""
    if not section.limits and not section.is_disabled:
        yield Problem(path="limits", message="must not be empty")
    for at, limit in enumerate(section.limits):
        if limit.per_claims and limit.at == "BeforeAuthentication":
            message = "must be AfterAuthentication with perClaims: a token says nothing before it has been looked at"
            yield Problem(path=f"limits[{at}].at", message=message)
