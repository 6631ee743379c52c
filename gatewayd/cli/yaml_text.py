"""A value as YAML in which no text of a stranger begins a line or stands unquoted where it needs an escape."""

from typing import Any, Final

import yaml

from gatewayd.untrusted.printable import printable

_WIDEST: Final = 2**31 - 1
"""No text is folded: the rest of it would begin a line."""


class _PrintableDumper(yaml.CSafeDumper):
    """Writes what is not printable in double quotes, where YAML has escapes."""


def _text(dumper: _PrintableDumper, text: str) -> yaml.Node:
    style = '"' if printable(text) != text else None
    whole = text.encode("utf-8", "backslashreplace").decode()
    return dumper.represent_scalar("tag:yaml.org,2002:str", whole, style=style)


_PrintableDumper.add_representer(str, _text)


def dumped(value: Any) -> str:
    """Return `value` as YAML; what is not printable is left for `printable_yaml`, always within double quotes."""
    return str(yaml.dump(value, Dumper=_PrintableDumper, sort_keys=False, allow_unicode=True, width=_WIDEST))
