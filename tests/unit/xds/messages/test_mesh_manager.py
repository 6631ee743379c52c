from gatewayd.ir.proxy import RedirectedTraffic
from gatewayd.xds.messages.mesh_manager import mesh_manager

MANAGER = mesh_manager(RedirectedTraffic(port=15001))


def test_what_services_tell_each_other_passes_as_it_is() -> None:
    assert not MANAGER.HasField("use_remote_address")
    assert MANAGER.skip_xff_append
    assert MANAGER.preserve_external_request_id
    assert MANAGER.server_header_transformation == MANAGER.PASS_THROUGH
    assert MANAGER.path_with_escaped_slashes_action == MANAGER.KEEP_UNCHANGED
    assert not MANAGER.merge_slashes


def test_nothing_ends_for_being_silent() -> None:
    assert MANAGER.HasField("stream_idle_timeout")
    assert MANAGER.stream_idle_timeout.ToMilliseconds() == 0
    assert not MANAGER.HasField("request_headers_timeout")


def test_rules_are_compared_with_the_path_that_a_service_understands() -> None:
    assert MANAGER.normalize_path.value


def test_routes_come_by_scopes_of_the_port() -> None:
    assert (MANAGER.scoped_routes.name, MANAGER.HasField("rds")) == ("15001", False)


def test_a_client_is_whoever_has_connected() -> None:
    """No header has as many addresses as are passed over."""
    assert MANAGER.xff_num_trusted_hops > 1_000_000
