"""What an XTelemetryPolicy may say, for the sets of objects that are drawn."""

from hypothesis import strategies as st

_SERVER = {"backendRef": {"name": "cart", "port": 80}}
_ELSEWHERE = {"backendRef": {"name": "pay", "namespace": "blog", "port": 80}}
TELEMETRY = st.fixed_dictionaries(
    {
        "targetRefs": st.sampled_from(
            [[{"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": name}] for name in ("gw", "edge")]
        ),
        "tracing": st.sampled_from(
            [
                {"mode": "Disabled"},
                {"mode": "Enabled", "provider": _SERVER},
                {"mode": "Enabled", "provider": _SERVER, "samplingRate": {"numerator": 5}},
                {"mode": "Enabled", "provider": _ELSEWHERE},
            ]
        ),
    }
)
