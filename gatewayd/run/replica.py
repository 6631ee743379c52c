"""`python -m gatewayd.run.replica OPTIONS`: one replica of the control plane, in a process that does nothing else.

In: what `serve_options.encoded` wrote; `gatewayd serve` becomes this process when it has read its arguments. So a pod
does not keep for all its life what reads command lines and draws tables
(docs/decisions/0016-a-replica-has-a-process-without-the-command-line.md).
"""

import sys
from collections.abc import Iterable

# structlog imports rich where it finds it, for tracebacks in colour. A pod writes JSON.
# https://docs.python.org/3/reference/import.html#the-module-cache: None is how a module is not found.
sys.modules["rich"] = None  # type: ignore[assignment]

from gatewayd.kube.access import AccessError  # noqa: E402
from gatewayd.run.causes import causes, leaves  # noqa: E402
from gatewayd.run.cluster import serve  # noqa: E402
from gatewayd.run.memory import tune_allocator, tune_collector, tune_connections  # noqa: E402
from gatewayd.run.process import worked  # noqa: E402
from gatewayd.run.serve_options import decoded  # noqa: E402


def run(line: str) -> int:
    """Serve until a signal says to end; return the exit code."""
    options = decoded(line)
    tune_collector()
    tune_allocator()
    tune_connections()
    return worked(lambda: serve(options), verb="serve", log_level=options.log_level, told=_told)


def _told(error: Exception) -> Iterable[str]:
    """Return why there is no replica: in its own words where these are for people, else with types and places."""
    if all(isinstance(each, AccessError) for each in leaves(error)):
        return [str(each) for each in leaves(error)]
    return causes(error)


if __name__ == "__main__":
    sys.exit(run(*sys.argv[1:]))
