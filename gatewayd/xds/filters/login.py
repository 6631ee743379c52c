"""Login -> Envoy's OAuth2 filter, which stands in the chain without a configuration and then does nothing.

The client's secret and the key of the sessions come by SDS, so they are in no route and change no route.
https://www.envoyproxy.io/docs/envoy/v1.40.0/api-v3/extensions/filters/http/oauth2/v3/oauth.proto
"""

from functools import lru_cache
from typing import Any, Final

from envoy.config.core.v3 import http_uri_pb2
from envoy.config.route.v3 import route_components_pb2
from envoy.extensions.filters.http.oauth2.v3 import oauth_pb2
from envoy.extensions.transport_sockets.tls.v3 import secret_pb2
from envoy.type.matcher.v3 import path_pb2, regex_pb2, string_pb2
from google.protobuf import wrappers_pb2

from gatewayd.ir.limits import AUTHORIZATION_SECONDS
from gatewayd.ir.policy import Login
from gatewayd.ir.tls import SharedSecret
from gatewayd.rpc.envoy_oauth2_pb2 import OAuth2PerRoute
from gatewayd.xds import names
from gatewayd.xds.encoding import ADS, seconds

NAME: Final = "login"
CONFIG: Final = oauth_pb2.OAuth2()

_Cookies = oauth_pb2.CookieConfigs
_LAX = oauth_pb2.CookieConfig(same_site=oauth_pb2.CookieConfig.LAX)
"""With a navigation from elsewhere, such as the one back from the provider, and with nothing else from elsewhere."""
_COOKIES = _Cookies(**{field.name: _LAX for field in _Cookies.DESCRIPTOR.fields})

_NO_NAVIGATION = route_components_pb2.HeaderMatcher(
    name="sec-fetch-mode",
    string_match=string_pb2.StringMatcher(
        safe_regex=regex_pb2.RegexMatcher(regex="cors|no-cors|same-origin|websocket")
    ),
)
"""A script or an image cannot follow a redirect to a login: https://www.w3.org/TR/fetch-metadata/#sec-fetch-mode-header."""
_BEARER = route_components_pb2.HeaderMatcher(
    name="authorization", string_match=string_pb2.StringMatcher(prefix="Bearer ", ignore_case=True)
)


@lru_cache(maxsize=256)
def per_route(login: Login) -> Any:
    """Return the configuration of one route."""
    uri = http_uri_pb2.HttpUri(
        uri=login.token_endpoint, cluster=names.cluster(login.provider), timeout=seconds(AUTHORIZATION_SECONDS)
    )
    return OAuth2PerRoute(
        config=oauth_pb2.OAuth2Config(
            token_endpoint=uri,
            authorization_endpoint=login.authorization_endpoint,
            end_session_endpoint=login.end_session_endpoint,
            credentials=_credentials(login),
            # The host is that of the request, which the provider compares with those that the client may have.
            redirect_uri=f"%REQ(x-forwarded-proto)%://%REQ(:authority)%{login.callback_path}",
            redirect_path_matcher=_exactly(login.callback_path),
            signout_path=_exactly(login.logout_path),
            auth_scopes=login.scopes,
            forward_bearer_token=login.forwards_token,
            pass_through_matcher=[_BEARER] if login.takes_tokens else [],
            deny_redirect_matcher=[_NO_NAVIGATION],
            use_refresh_token=wrappers_pb2.BoolValue(value=True),
            cookie_configs=_COOKIES,
            # Envoy decrypts these cookies for backends, who are to be told no more than a policy says.
            disable_access_token_set_cookie=not login.forwards_token,
            disable_id_token_set_cookie=not login.keeps_id_token,
        )
    )


def _credentials(login: Login) -> Any:
    mark = login.cookie_mark
    cookies = oauth_pb2.OAuth2Credentials.CookieNames(
        bearer_token=f"AccessToken-{mark}",
        oauth_hmac=f"Session-{mark}",
        oauth_expires=f"Expires-{mark}",
        id_token=login.token_cookie,
        refresh_token=f"RefreshToken-{mark}",
        oauth_nonce=f"Nonce-{mark}",
        code_verifier=f"Verifier-{mark}",
    )
    return oauth_pb2.OAuth2Credentials(
        client_id=login.client_id,
        token_secret=_secret(login.client_secret),
        hmac_secret=_secret(login.session_key),
        cookie_names=cookies,
        cookie_domain=login.cookie_domain,
    )


def _secret(of: SharedSecret) -> Any:
    return secret_pb2.SdsSecretConfig(name=names.secret(of), sds_config=ADS)


def _exactly(path: str) -> Any:
    return path_pb2.PathMatcher(path=string_pb2.StringMatcher(exact=path))
