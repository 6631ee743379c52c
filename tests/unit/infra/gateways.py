"""Infrastructure of a Gateway infra/edge, to be varied with `dataclasses.replace`."""

from dataclasses import replace

from gatewayd.ir.infrastructure import DEFAULT_PARAMETERS, GatewayServicePort, Infrastructure

FILES = {"bootstrap.json": "{}", "sds-trust.json": "[]"}
EDGE = Infrastructure(
    namespace="infra",
    name="edge",
    uid="0b5c",
    ports=(
        GatewayServicePort(name="tcp-80", port=80, target=80, transport="TCP"),
        GatewayServicePort(name="udp-53", port=53, target=53, transport="UDP"),
    ),
    labels=(("team", "edge"),),
    annotations=(("note", "mind the gap"),),
    withheld=(),
    addresses=(),
    per_host="",
    parameters=DEFAULT_PARAMETERS,
)


def with_parameters(**changes: object) -> Infrastructure:
    """Return the Gateway with other parameters."""
    return replace(EDGE, parameters=replace(DEFAULT_PARAMETERS, **changes))  # type: ignore[arg-type]
