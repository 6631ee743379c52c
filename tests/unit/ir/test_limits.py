"""One number on both sides: what the translator lets through, a proxy takes."""

from gatewayd.ir.fleet import GatewayFleet
from gatewayd.ir.limits import RE2_PROGRAM_SIZE
from gatewayd.untrusted.regexes import regex_problem
from gatewayd.xds.bootstrap import AdminSocket, UnixSocket, bootstrap


def test_a_pattern_of_the_longest_value_of_the_api_is_allowed() -> None:
    assert regex_problem("/" + "[a-z]" * 204) is None  # 1,024 characters, the most that a path or header match has


def test_a_proxy_takes_at_least_what_the_translator_lets_through() -> None:
    made = bootstrap(
        node="n",
        fleet=GatewayFleet(namespace="a", name="b"),
        control_plane=UnixSocket(path="/x"),
        admin=AdminSocket(path="/a"),
        probes_port=None,
        drain=None,
    )
    [layer] = [each["static_layer"] for each in made["layered_runtime"]["layers"] if "static_layer" in each]
    assert layer["re2.max_program_size.error_level"] >= RE2_PROGRAM_SIZE
