"""Limits of members fit together."""

from gatewayd.ir import member_limits as limits
from gatewayd.kube.client import MAX_CONNECTIONS
from gatewayd.members.book import READ


def test_there_is_a_connection_for_each_watch() -> None:
    assert len(READ) * limits.MEMBER_NAMESPACES < MAX_CONNECTIONS


def test_what_a_member_may_have_fits_into_what_it_may_say() -> None:
    assert limits.MEMBER_RESPONSE_BYTES <= limits.MEMBER_BYTES
    assert limits.MEMBER_EXPORTS <= limits.MEMBER_OBJECTS
    assert limits.MEMBER_ENDPOINTS * 500 <= limits.MEMBER_BYTES


def test_what_is_kept_fits_into_a_config_map() -> None:
    assert limits.MEMBER_KEPT_BYTES < 1024 * 1024
