"""What became of each field of a conversion, as lines for people, and as `-o json` prints it (docs/cli.md).

In: a Conversion. Out: lines, or a JSON-able value; those who write them make what is not printable harmless.
"""

from collections.abc import Iterator
from typing import Any

from gatewayd.cli.view.columns import counted
from gatewayd.convert.conversion import Conversion
from gatewayd.convert.fates import Fidelity, Item
from gatewayd.convert.verification import Verification


def conversion_lines(conversion: Conversion, *, whole: bool) -> Iterator[str]:
    """Yield a line for each field, without `whole` for those only that are not exact; then the counts."""
    for item in conversion.items:
        if whole or item.fidelity is not Fidelity.EXACT:
            yield f"{_place(item)}{item.fidelity}: {_about(item)}"
    numbers = [(sum(item.fidelity is each for item in conversion.items), each) for each in Fidelity]
    counts = ", ".join(f"{number} {fidelity}" for number, fidelity in numbers)
    yield f"{counted(len(conversion.objects), 'object')} written; fields: {counts}"


def conversion_json(conversion: Conversion) -> dict[str, Any]:
    """Return the shape of `convert -o json`: what became of each field."""
    return {"lossy": conversion.is_lossy, "fields": [_fate(item) for item in conversion.items]}


def verification_lines(result: Verification) -> Iterator[str]:
    """Yield a line for each request that ends elsewhere than before; then the counts."""
    yield from (f"differs: {difference}" for difference in result.differences)
    lost = result.asked - result.compared
    compared = counted(result.compared, "request")
    yield f"{compared} compared, {lost} not, which lead to what is lost: {len(result.differences)} differ"


def _place(item: Item) -> str:
    return f"{item.file}:{item.line}: " if item.file else ""


def _about(item: Item) -> str:
    parts = (item.object, item.path, item.message)
    return ": ".join(part for part in parts if part)


def _fate(item: Item) -> dict[str, Any]:
    return {
        "file": item.file,
        "line": item.line,
        "object": item.object,
        "path": item.path,
        "fidelity": item.fidelity.value,
        "message": item.message,
        "protects": item.protects,
    }
