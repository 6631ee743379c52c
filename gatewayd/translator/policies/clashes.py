"""AccessPolicy: what of the sections in force for a rule does not go together, though each is good by itself."""

from collections.abc import Callable
from typing import Final, NamedTuple

from gatewayd.api.accesspolicy import JWT, OIDC, WAYS_IN, Authorization, ExternalAuthSection
from gatewayd.api.inherited import PolicySection
from gatewayd.translator.policies.effective import Effective, Ruled
from gatewayd.translator.policies.tokens import asks_claims


class Clash(NamedTuple):
    """A section that is good by itself and cannot be honoured beside the others in force."""

    section: str
    why: str


def clash(found: Effective) -> Clash | None:
    """Return what of the sections in force does not go together; None when all does."""
    return next((apart for apart in (look(found) for look in _CLASHES) if apart is not None), None)


def _ways(found: Effective) -> list[list[Ruled]]:
    """Return the ways in that there are, each with its sections."""
    return [way for way in ([each for name in way for each in found.of(name)] for way in WAYS_IN) if way]


def _two_ways(found: Effective) -> Clash | None:
    ways = _ways(found)
    if len(ways) < 2:
        return None
    (first, *_), (second, *_) = ways[:2]
    instead = "a rule has one way in; mode: Disabled turns off a default from above"
    return Clash(second.section, f'stands beside {first.wire} of AccessPolicy "{first.policy}"; {instead}')


def _login_and_tokens(found: Effective) -> Clash | None:
    """Look at a jwt beside an oidc: a bearer token then stands for a session."""
    login, tokens = next(found.of("oidc"), None), next(found.of("jwt"), None)
    if login is None or tokens is None or not isinstance(login.value, OIDC) or not isinstance(tokens.value, JWT):
        return None
    if tokens.value.optional:
        return Clash("jwt", "is optional beside oidc, which lets a token stand for a login; allowed: one that is not")
    if login in found.overrides and tokens.policy != login.policy:
        why = f'would let tokens pass the login that AccessPolicy "{login.policy}" has as an override'
        return Clash("jwt", f"{why}; allowed: both in that policy")
    if login.value.forward_access_token:
        return Clash("oidc", "forwardAccessToken would be the token that jwt looks at; one of them is allowed")
    return None


def _nobody_asked(found: Effective) -> Clash | None:
    asking = [*(each for way in _ways(found) for each in way), *found.of("external_auth")]
    if not any(True for _ in found.of("require")) or not all(_lets_anybody_in(each.value) for each in asking):
        return None
    instead = "nor a jwt that is not optional, nor an externalAuth that does not fail open"
    return Clash("require", f"no section oidc, apiKeys or basic is in force, {instead}")


def _lets_anybody_in(section: PolicySection) -> bool:
    """Return whether a section that asks who a client is lets those in who do not say it."""
    match section:
        case JWT():
            return bool(section.optional)
        case ExternalAuthSection():
            return bool(section.fail_open)
        case _:
            return False


def _claims_of_nobody(found: Effective) -> Clash | None:
    asks = any(isinstance(each.value, Authorization) and asks_claims(each.value) for each in found.of("authorization"))
    if asks and not any(True for _ in found.of("jwt")):
        return Clash("authorization", "asks for claims, and no section jwt is in force")
    return None


_CLASHES: Final[tuple[Callable[[Effective], Clash | None], ...]] = (
    _two_ways,
    _login_and_tokens,
    _nobody_asked,
    _claims_of_nobody,
)
