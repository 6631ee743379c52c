"""How much Kubernetes means by a quantity: "100m", "0.5", "128Mi", "1e3".

https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
"""

import re
from decimal import Decimal

_SUFFIXES = {
    "n": Decimal("1e-9"),
    "u": Decimal("1e-6"),
    "m": Decimal("1e-3"),
    "": Decimal(1),
    **{letter: Decimal(1000) ** power for power, letter in enumerate("kMGTPE", start=1)},
    **{f"{letter}i": Decimal(1024) ** power for power, letter in enumerate("KMGTPE", start=1)},
}
QUANTITY = re.compile(rf"([0-9]{{1,15}}(?:\.[0-9]{{1,9}})?)({'|'.join(_SUFFIXES)}|[eE]-?[0-9]{{1,2}})")
"""What is taken for one, as a whole."""


def amount(quantity: str) -> Decimal:
    """Return how much a text is that `QUANTITY` matches; raises ValueError for any other."""
    found = QUANTITY.fullmatch(quantity)
    if found is None:
        raise ValueError(f"{quantity!r} is no quantity")
    number, suffix = found.groups()
    scale = _SUFFIXES.get(suffix)
    return Decimal(number) * (Decimal(10) ** int(suffix[1:]) if scale is None else scale)
