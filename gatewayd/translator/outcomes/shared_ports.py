"""What is said of a ClientPolicy where listeners share a port and do not agree: to it and to the one that counts."""

from dataclasses import dataclass
from typing import Final

from gatewayd.api.clientpolicy import ClientPolicy
from gatewayd.api.meta import ObjectKey
from gatewayd.incremental.view import View
from gatewayd.ir.outcome import Verdict
from gatewayd.translator import verdicts
from gatewayd.translator.proxies.client_settings import Disagreement, disagreements
from gatewayd.translator.proxies.http3 import left_out_of_http3

_SHOWN: Final = 4
"""More of them say nothing new."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedPorts:
    """`lost`: what of the policy is left out; `remark`: who else has what it says, or has it not."""

    lost: Verdict | None
    remark: str


NOBODY_ELSE: Final = SharedPorts(lost=None, remark="")


def shared_ports(view: View, row: ClientPolicy, gateways: tuple[ObjectKey, ...]) -> SharedPorts:
    """Return what is said of a policy that is for listeners of these Gateways."""
    found = [each for gateway in gateways for each in disagreements(view, gateway)]
    lost = [_left_out(each) for each in found if each.wanted == row.metadata.key]
    counts = [_counts(each) for each in found if each.counts == row.metadata.key]
    without = [
        f"http3 is left out for listener {each.listener}: {each.why}"
        for gateway in gateways
        for each in left_out_of_http3(view, gateway)
        if each.policy == row.metadata.key
    ]
    remarks = (*counts[:_SHOWN], *without[:_SHOWN])
    return SharedPorts(
        lost=verdicts.target_taken("; ".join(lost[:_SHOWN])) if lost else None, remark="; ".join(remarks)
    )


def _left_out(of: Disagreement) -> str:
    instead = f'ClientPolicy "{of.counts}"' if of.counts is not None else "none"
    return (
        f"{of.section}: left out for listener {of.listener}, which shares port {of.port} with listener {of.first};"
        f" one port has one value, and that of {of.first} counts ({instead})"
    )


def _counts(of: Disagreement) -> str:
    wanted = f', and not that of ClientPolicy "{of.wanted}"' if of.wanted is not None else ""
    return f"{of.section} counts for listener {of.listener} too, which shares port {of.port}{wanted}"
