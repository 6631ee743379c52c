"""Writes the tables of docs/envoy-gateway-kinds.md from the structs of the kinds: `python docs/envoy_gateway_kinds.py`.

In: the page, and every field of the kinds that are taken. Out: the page with new tables, and all that is written by
hand as it was. tests/unit/docs/test_envoy_gateway_kinds.py fails when it is stale.
"""  # noqa: INP001 - a program beside the file that it writes, no package

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from gatewayd.api.envoy_gateway.fields import DIFFERS, REFUSED, TheirField, TheirShape, every_field
from gatewayd.api.envoy_gateway.objects import EnvoyBackend, EnvoyProxy, EnvoyRouteFilter
from gatewayd.api.envoy_gateway.outside import FilterSpec, OutsideSpec
from gatewayd.api.envoy_gateway.proxies import EnvoyProxySpec
from gatewayd.api.kinds import BY_STRUCT
from gatewayd.translator.envoy_gateway.kinds import FOREIGN_KINDS

PAGE: Final = Path(__file__).with_name("envoy-gateway-kinds.md")
_OTHERS: Final = (
    (EnvoyBackend, "In backendRefs of routes and of policies.", OutsideSpec),
    (EnvoyProxy, "In parametersRef of a Gateway or a GatewayClass.", EnvoyProxySpec),
    (EnvoyRouteFilter, "In the extensionRef of a rule of an HTTPRoute.", FilterSpec),
)
_TABLES: Final = re.compile(r"(<!-- tables -->\n).*(<!-- end of tables -->)", re.DOTALL)


def page() -> str:
    """Return the whole page."""
    policies = (_table(kind.name, f"For {', '.join(kind.targets)}.", kind.spec) for kind in FOREIGN_KINDS.values())
    others = (_table(BY_STRUCT[row].kind, where, spec) for row, where, spec in _OTHERS)
    tables = "\n".join((*policies, *others))
    return _TABLES.sub(lambda found: f"{found[1]}\n{tables}\n{found[2]}", PAGE.read_text(encoding="utf-8"))


def _table(name: str, where: str, spec: type[TheirShape]) -> str:
    fields = list(every_field(spec))
    taken = [path for path, field in fields if not field.mark and _is_leaf(path, fields)]
    return "\n".join(
        (
            f"### {name}",
            "",
            where,
            "",
            "Taken as it is: " + ", ".join(f"`{path.removeprefix('spec.')}`" for path in taken) + ".",
            "",
            *_rows("does something else here", "what it does", (each for each in fields if each[1].mark == DIFFERS)),
            *_rows("refused", "instead", (each for each in fields if each[1].mark == REFUSED)),
        )
    )


def _is_leaf(path: str, fields: list[tuple[str, TheirField]]) -> bool:
    return not any(other.startswith((f"{path}.", f"{path}[]")) for other, _ in fields)


def _rows(head: str, said: str, fields: Iterator[tuple[str, TheirField]]) -> Iterator[str]:
    yield f"| {head} | {said} |"
    yield "|---|---|"
    for path, field in fields:
        harmless = ", ".join(_written(each) for each in field.harmless)
        text = field.text.removeprefix("allowed: ")
        yield f"| `{path.removeprefix('spec.')}`{f', unless {harmless}' if harmless else ''} | {text} |"
    yield ""


def _written(value: object) -> str:
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
