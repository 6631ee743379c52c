"""How a proxy's pod ends without a failed request: how long each part takes, and the preStop hook of its container.

Envoy itself ends at once on SIGTERM, so the kubelet runs this before it sends one. The image has bash and perl, which
can speak to a Unix socket, and no curl. Where there is no perl the hook lingers, and then Envoy ends.

1. `/healthcheck/fail`: readiness fails, and each answer from now on says `connection: close` (GOAWAY in HTTP/2).
2. `/drain_listeners?graceful&skip_exit`: listeners drain, and accept until `--drain-time-s` has passed.
3. New connections come until every node has heard that this is no endpoint any more: linger.
4. Wait for what is left: in a Gateway's proxy for the connections, but those of the probes and of the admin interface
   itself; in a node's, to which the agent leads no more, for the requests alone: connections that pods keep open and do
   not use would hold up the next proxy of the node.

https://www.envoyproxy.io/docs/envoy/v1.40.0/operations/admin#post--drain_listeners
https://kubernetes.io/docs/concepts/containers/container-lifecycle-hooks/
"""

import shlex
from dataclasses import dataclass
from typing import Final

DRAIN_SECONDS: Final = 60
"""Envoy's --drain-time-s: how long the connections of a listener that changed or went may go on."""
LINGER_SECONDS: Final = 5
"""A proxy that ends still accepts for so long: everybody hears by then that it is no endpoint any more."""
NODE_LINGER_SECONDS: Final = 1
"""So long at a node, where nobody has to hear of it: who has been led to the proxy has sent a request by then."""
FINISH_SECONDS: Final = 15
"""After that, the longest wait for the connections that are left."""
GRACE_SECONDS: Final = 30
"""terminationGracePeriodSeconds: more than the two waits together."""

_SCRIPT: Final = r"""
ask() {
  perl -MSocket -e '
    my ($path, $method, $target) = @ARGV;
    socket(my $admin, PF_UNIX, SOCK_STREAM, 0) || exit 1;
    connect($admin, sockaddr_un($path)) || exit 1;
    syswrite $admin, "$method $target HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
    print while <$admin>;
  ' @ADMIN@ "$1" "$2"
}
busy() {
  ask GET '/stats?filter=@COUNTED@' | while IFS=': ' read -r name value; do
    case "$name" in
      @PASSED_OVER@) ;;
      @OF@.*.@COUNTED@) [ "${value%%[!0-9]*}" -gt 0 ] && echo "$name" ;;
    esac
  done
}
ask POST /healthcheck/fail >/dev/null
case $? in
  0) ask POST '/drain_listeners?graceful&skip_exit' >/dev/null ;;
  1) exit 0 ;;
esac
sleep @LINGER@
for ((second = 0; second < @FINISH@; second++)); do
  [ -n "$(busy)" ] || break
  sleep 1
done
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """What the hook of a proxy waits for: `linger` seconds, and then for gauges of Envoy to be 0.

    Their names begin with `of` and end with `counted`; `passed_over`: patterns of bash of those that do not matter.
    https://www.envoyproxy.io/docs/envoy/v1.40.0/configuration/listeners/stats
    https://www.envoyproxy.io/docs/envoy/v1.40.0/configuration/http/http_conn_man/stats
    """

    linger: int
    of: str
    counted: str
    passed_over: str


def connections(*, probes: int) -> Waits:
    """Return what the proxies of Gateways wait for; `probes` is the port of their probes."""
    passed_over = f"listener.admin.*|*_{probes}.*"
    return Waits(linger=LINGER_SECONDS, of="listener", counted="downstream_cx_active", passed_over=passed_over)


REQUESTS: Final = Waits(
    linger=NODE_LINGER_SECONDS, of="http", counted="downstream_rq_active", passed_over="http.admin.*|http.probes.*"
)
"""What the proxies of nodes wait for."""


def drain_command(*, admin: str, waits: Waits) -> tuple[str, ...]:
    """Return the command of the hook, for an Envoy with this admin socket."""
    values = {
        "ADMIN": shlex.quote(admin),
        "LINGER": waits.linger,
        "FINISH": FINISH_SECONDS,
        "OF": waits.of,
        "COUNTED": waits.counted,
        "PASSED_OVER": waits.passed_over,
    }
    script = _SCRIPT.strip()
    for name, value in values.items():
        script = script.replace(f"@{name}@", str(value))
    return ("bash", "-c", script)
