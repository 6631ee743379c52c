"""What the translator knows of the place that it runs in."""

from gatewayd.incremental.view import View
from gatewayd.ir.environment import DEFAULT_ENVIRONMENT, HERE, Environment


def environment(view: View) -> Environment:
    """Return the Environment that was put into the store, or the one of a cluster."""
    return view.get(Environment, HERE) or DEFAULT_ENVIRONMENT
