"""How a proxy's pod ends without a failed request: the preStop hook of the Envoy container.

Envoy itself ends at once on SIGTERM, so the kubelet runs this before it sends one. The image has bash and no curl.

1. `/healthcheck/fail`: readiness fails, and each answer from now on says `connection: close` (GOAWAY in HTTP/2).
2. `/drain_listeners?graceful&skip_exit`: listeners drain, and accept until `--drain-time-s` has passed.
3. New connections come until every node has heard that this is no endpoint any more: linger.
4. Wait for the connections that are left, not for those of the probes and of the admin interface itself.

https://www.envoyproxy.io/docs/envoy/v1.40.0/operations/admin#post--drain_listeners
https://kubernetes.io/docs/concepts/containers/container-lifecycle-hooks/
"""

from typing import Final

from gatewayd.infra.layout import FINISH_SECONDS, LINGER_SECONDS

_SCRIPT: Final = r"""
ask() {
  exec 3<>/dev/tcp/127.0.0.1/@ADMIN@ || exit 0
  printf '%s %s HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: 0\r\n\r\n' "$1" "$2" >&3
  cat <&3
  exec 3>&-
}
busy() {
  ask GET '/stats?filter=downstream_cx_active' | while IFS=': ' read -r name value; do
    case "$name" in
      listener.admin.*|*_@PROBES@.*) ;;
      listener.*.downstream_cx_active) [ "${value%%[!0-9]*}" -gt 0 ] && echo "$name" ;;
    esac
  done
}
ask POST /healthcheck/fail >/dev/null
ask POST '/drain_listeners?graceful&skip_exit' >/dev/null
sleep @LINGER@
for ((second = 0; second < @FINISH@; second++)); do
  [ -n "$(busy)" ] || break
  sleep 1
done
"""


def drain_command(*, admin: int, probes: int) -> tuple[str, ...]:
    """Return the command of the hook, for an Envoy with these ports."""
    values = {"ADMIN": admin, "PROBES": probes, "LINGER": LINGER_SECONDS, "FINISH": FINISH_SECONDS}
    script = _SCRIPT.strip()
    for name, value in values.items():
        script = script.replace(f"@{name}@", str(value))
    return ("bash", "-c", script)
