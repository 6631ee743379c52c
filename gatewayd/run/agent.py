"""`python -m gatewayd.run.agent OPTIONS`: the agent of a node, in a process that does nothing else.

In: what `agent_options.encoded` wrote; `gatewayd agent` becomes this process when it has read its arguments
(docs/decisions/0016-a-replica-has-a-process-without-the-command-line.md).
"""

import sys
from functools import partial
from pathlib import Path

# structlog imports rich where it finds it, for tracebacks in colour. A pod writes JSON.
sys.modules["rich"] = None  # type: ignore[assignment]

from gatewayd.ads.relay.upstream import ControlPlaneChannel, RemoteControlPlane  # noqa: E402
from gatewayd.kube.client import connected  # noqa: E402
from gatewayd.run.agent_options import AgentOptions, decoded  # noqa: E402
from gatewayd.run.memory import tune_allocator  # noqa: E402
from gatewayd.run.node_agent import NodeAgent, SteeredNode  # noqa: E402
from gatewayd.run.process import worked  # noqa: E402


def run(line: str) -> int:
    """Steer until a signal says to end; return the exit code."""
    options = decoded(line)
    tune_allocator()
    return worked(lambda: _steer(options), verb="steer", log_level=options.log_level)


async def _steer(options: AgentOptions) -> None:
    control_plane = RemoteControlPlane(
        host=options.xds_host,
        port=options.xds_port,
        server_name=options.server_name,
        certificates=Path(options.certificates),
    )
    node = SteeredNode(
        name=options.node,
        addresses=options.addresses,
        fails_open=not options.fails_closed,
        keeps_source=options.keeps_source,
    )
    agent = NodeAgent(node, ControlPlaneChannel(control_plane), partial(connected, None))
    await agent.run(Path(options.socket))


if __name__ == "__main__":
    sys.exit(run(*sys.argv[1:]))
