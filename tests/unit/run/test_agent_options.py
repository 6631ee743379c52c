from gatewayd.run.agent_options import AgentOptions, decoded, encoded


def test_what_was_asked_for_arrives() -> None:
    options = AgentOptions(
        node="node-1",
        addresses=("10.0.0.1",),
        socket="/run/x",
        xds_host="gatewayd.gateways.svc",
        xds_port=18000,
        server_name="gatewayd.gateways.svc",
        certificates="/certificates",
        fails_closed=True,
        keeps_source=True,
        log_level="debug",
    )
    assert decoded(encoded(options)) == options
    assert "\n" not in encoded(options)
