import os
from typing import Any

import pytest
from typer.testing import CliRunner

from gatewayd.cli.agent import app
from gatewayd.infra import layout
from gatewayd.run.agent_options import AgentOptions, decoded

POD = {"NODE_NAME": "node-1", "NODE_ADDRESS": "10.0.0.1", "POD_NAMESPACE": "gateways"}


def started(monkeypatch: pytest.MonkeyPatch, *arguments: str, **environment: str) -> AgentOptions:
    """Return what the process is told that takes the place of the command."""
    told: list[Any] = []
    monkeypatch.setattr(os, "execv", lambda _, words: told.append(words))
    ran = CliRunner().invoke(app, list(arguments), env={**POD, **environment})
    assert ran.exit_code == 0, ran.output
    [words] = told
    assert words[1:4] == ("-P", "-m", "gatewayd.run.agent")
    return decoded(words[4])


def test_a_pod_says_all_that_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    options = started(monkeypatch, GATEWAYD_FAIL_CLOSED="", GATEWAYD_LOG_LEVEL="warning")
    assert (options.node, options.addresses, options.log_level) == ("node-1", ("10.0.0.1",), "warning")
    assert options.xds_host == "gatewayd.gateways.svc.cluster.local."
    assert options.server_name == "gatewayd.gateways.svc"
    assert (options.socket, options.certificates) == (layout.NODE_SOCKET, layout.CERTIFICATES_FOLDER)
    assert not options.fails_closed


def test_it_may_fail_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert started(monkeypatch, GATEWAYD_FAIL_CLOSED="true").fails_closed


def test_it_may_keep_the_addresses_of_pods(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not started(monkeypatch).keeps_source
    assert started(monkeypatch, GATEWAYD_KEEP_SOURCE="true").keeps_source
    assert started(monkeypatch, "--keep-source").keeps_source


def test_a_node_may_have_an_address_of_each_family(monkeypatch: pytest.MonkeyPatch) -> None:
    assert started(monkeypatch, NODE_ADDRESS="10.0.0.1,fd00::1").addresses == ("10.0.0.1", "fd00::1")
    assert started(monkeypatch, NODE_ADDRESS="fd00::1").addresses == ("fd00::1",)


@pytest.mark.parametrize("address", ["node-1", "10.0.0.1,", "10.0.0.1,10.0.0.2"])
def test_and_no_other_ones(address: str) -> None:
    ran = CliRunner().invoke(app, [], env={**POD, "NODE_ADDRESS": address})
    assert ran.exit_code != 0
    assert "one of each with a comma between is allowed" in " ".join(ran.output.replace("│", " ").split())
