from gatewayd.api.accesspolicy import OIDC, ExternalAuthSection
from gatewayd.api.rules.access_sections import LOGIN_FIELDS, login_given, paths_differ, server_given


def test_a_section_that_is_disabled_needs_nothing() -> None:
    assert list(login_given(OIDC(mode="Disabled"))) == []
    assert list(server_given(ExternalAuthSection(mode="Disabled"))) == []
    assert [each.path for each in login_given(OIDC())] == list(LOGIN_FIELDS.values())


def test_paths_that_are_left_out_are_no_two_of_one() -> None:
    assert list(paths_differ(OIDC())) == []
    assert [each.path for each in paths_differ(OIDC(callback_path="/a", logout_path="/a"))] == ["logoutPath"]
