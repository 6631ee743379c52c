"""TLSRoute, TCPRoute and UDPRoute rules: weighted backends, nothing else.

https://gateway-api.sigs.k8s.io/reference/spec/#tcproute, #tlsroute, #udproute
"""

from collections.abc import Callable
from typing import Any

from gatewayd.api.refs import BackendRef
from gatewayd.incremental.view import Table, View
from gatewayd.ir.backend import InvalidBackend, Protocol
from gatewayd.ir.l4 import L4Backend, L4Forward
from gatewayd.translator.backends.backend_refs import BackendAsk, ask_for, backend
from gatewayd.translator.problems import Unresolved, unresolved_verdict
from gatewayd.translator.protocols import group_kind
from gatewayd.translator.rules.rule_set import RuleSet


def rules(table: Table, wants: Protocol) -> Callable[[View, Any], RuleSet]:
    """Return the function that reads the rules of one of the three kinds."""
    source = group_kind(table)

    def read(view: View, row: Any) -> RuleSet:
        backends: list[L4Backend] = []
        problems: list[Unresolved] = []
        refs = [
            (f"spec.rules[{at}].backendRefs[{index}]", ref)
            for at, rule in enumerate(row.spec.rules[:1])
            for index, ref in enumerate(rule.backend_refs)
        ]
        for path, ref in refs:
            target = backend(view, _ask(row.metadata.namespace, ref))
            backends.append(L4Backend(backend=target, weight=ref.weight))
            if isinstance(target, InvalidBackend):
                problems.append(Unresolved(target.reason, f"{path}: {target.message}"))
        name = f"{table.__name__.lower()}/{row.metadata.key}"
        return RuleSet(
            routes=(),
            forward=L4Forward(source=name, backends=tuple(backends)),
            refusal=None,
            unresolved=unresolved_verdict(problems),
            partial=None,
        )

    def _ask(namespace: str, ref: BackendRef) -> BackendAsk:
        return ask_for(source, namespace, ref, wants)

    return read
