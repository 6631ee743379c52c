"""Where the proxies of the nodes listen: one port for what everybody calls, one more for each namespace of consumers.

Nothing but the redirect of a node leads to these ports.
"""

from typing import Final

PRODUCER_PORT: Final = 15001
"""For whoever calls a Service."""
FIRST_CONSUMER_PORT: Final = 15100
"""The first of the ports for callers of one namespace, whose routes take the place of those of the Service's own."""
