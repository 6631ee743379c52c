from envoy.extensions.filters.http.composite.v3 import composite_pb2
from envoy.extensions.filters.http.jwt_authn.v3 import config_pb2

from gatewayd.ir.policy import ClaimHeader, TokenIssuer, Tokens
from gatewayd.xds.filters.tokens import CONFIG, NAME, per_route

CORP = TokenIssuer(
    name="corp",
    issuer="https://idp",
    audiences=("shop",),
    keys="{}",
    claim_headers=(ClaimHeader(claim="sub", header="x-user"),),
)
PARTNER = TokenIssuer(name="partner", issuer="https://p", audiences=(), keys="{}", claim_headers=())


def read(tokens: Tokens) -> config_pb2.JwtAuthentication:
    action = per_route(tokens).xds_matcher.on_no_match.action
    execute = composite_pb2.ExecuteFilterAction()
    action.typed_config.Unpack(execute)
    authn = config_pb2.JwtAuthentication()
    assert execute.typed_config.typed_config.Unpack(authn)
    return authn


def test_what_stands_in_the_chain_is_an_empty_place() -> None:
    assert CONFIG.extension_config.name == NAME


def test_one_provider() -> None:
    authn = read(Tokens(issuers=(CORP,), is_optional=False))
    assert authn.strip_failure_response
    (rule,) = authn.rules
    assert (rule.match.prefix, rule.requires.provider_name) == ("/", "corp")
    provider = authn.providers["corp"]
    assert (provider.issuer, list(provider.audiences)) == ("https://idp", ["shop"])
    assert provider.local_jwks.inline_string == "{}"
    assert not provider.HasField("remote_jwks")


def test_several_or_none() -> None:
    authn = read(Tokens(issuers=(CORP, PARTNER), is_optional=True))
    kinds = [each.WhichOneof("requires_type") for each in authn.rules[0].requires.requires_any.requirements]
    assert kinds == ["provider_name", "provider_name", "allow_missing"]
