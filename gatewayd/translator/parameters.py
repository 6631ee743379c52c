"""A ConfigMap's data -> Parameters."""

from collections.abc import Mapping

from gatewayd.ir.infrastructure import DEFAULT_PARAMETERS, Parameters


def read_parameters(data: Mapping[str, str]) -> Parameters | tuple[str, ...]:
    """Return the parameters, or what is wrong with them."""
    return DEFAULT_PARAMETERS if not data else ("nothing can be set yet",)
