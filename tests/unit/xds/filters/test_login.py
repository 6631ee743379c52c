from dataclasses import replace

from envoy.config.route.v3 import route_components_pb2, route_pb2
from envoy.extensions.filters.http.oauth2.v3 import oauth_pb2

from gatewayd.ir.policy import Login
from gatewayd.ir.tls import PrivateBytes, SharedSecret
from gatewayd.rpc.envoy_oauth2_pb2 import OAuth2PerRoute
from gatewayd.xds.encoding import packed, serialised
from gatewayd.xds.filters.chain import filter_fields
from gatewayd.xds.filters.login import CONFIG, per_route
from gatewayd.xds.resource import ROUTE, resource
from tests.golden.second_reader import differences
from tests.unit.xds.shorthand import upstream

LOGIN = Login(
    issuer="https://idp.example",
    provider=upstream("idp"),
    authorization_endpoint="https://idp.example/auth",
    token_endpoint="https://idp.example/token",
    end_session_endpoint="",
    client_id="shop",
    client_secret=SharedSecret(name="client/shop/s", content=PrivateBytes(b"hunter2")),
    session_key=SharedSecret(name="session/shop/1", content=PrivateBytes(b"hunter3")),
    mark="1",
    scopes=("openid", "email"),
    callback_path="/oauth2/callback",
    logout_path="/logout",
    cookie_domain="",
    forwards_token=False,
)


def test_what_stands_in_the_chain_says_nothing() -> None:
    assert serialised(CONFIG) == b""


def test_a_login() -> None:
    config = per_route(LOGIN).config
    assert config.token_endpoint.uri == "https://idp.example/token"
    assert config.redirect_uri == "%REQ(x-forwarded-proto)%://%REQ(:authority)%/oauth2/callback"
    assert (config.redirect_path_matcher.path.exact, config.signout_path.path.exact) == ("/oauth2/callback", "/logout")
    assert list(config.auth_scopes) == ["openid", "email"]
    names = [each.name for each in (config.credentials.token_secret, config.credentials.hmac_secret)]
    assert names == ["shared/client/shop/s", "shared/session/shop/1"]
    assert (config.forward_bearer_token, list(config.pass_through_matcher)) == (False, [])


def test_cookies_are_for_those_who_are_told_their_content() -> None:
    telling = replace(LOGIN, forwards_token=True, takes_tokens=True)
    plain, told = (per_route(each).config for each in (LOGIN, telling))
    assert (plain.disable_access_token_set_cookie, plain.disable_id_token_set_cookie) == (True, True)
    assert (told.disable_access_token_set_cookie, told.disable_id_token_set_cookie) == (False, False)
    assert told.credentials.cookie_names.id_token == telling.token_cookie != LOGIN.token_cookie
    assert len(told.pass_through_matcher) == 1
    sites = {getattr(plain.cookie_configs, each.name).same_site for each in plain.cookie_configs.DESCRIPTOR.fields}
    assert sites == {oauth_pb2.CookieConfig.LAX}


def test_no_secret_is_in_a_route() -> None:
    assert b"hunter" not in serialised(per_route(LOGIN))


def test_the_message_that_xds_protos_lacks_is_read_by_another_reader() -> None:
    assert packed(OAuth2PerRoute()).type_url.endswith("/envoy.extensions.filters.http.oauth2.v3.OAuth2PerRoute")
    host = route_components_pb2.VirtualHost(name="a", domains=["a"], **filter_fields((LOGIN,)))
    message = route_pb2.RouteConfiguration(name="80", virtual_hosts=[host])
    assert differences(resource(ROUTE, "80", serialised(message))) == []


def test_the_message_is_still_lacking() -> None:
    """When this fails, protos/gatewayd/v1/envoy_oauth2.proto and its generated code go."""
    assert "OAuth2PerRoute" not in oauth_pb2.DESCRIPTOR.message_types_by_name
