"""The annotation of a Gateway that says what becomes of %2F and %5C in paths.

In: a Gateway. Out: the choice, and a bad Accepted verdict when the value is none; then the default holds, under which
no rule is passed by.
"""

from typing import Final, NamedTuple

from gatewayd.api.gateway import Gateway
from gatewayd.api.meta import ObjectKey
from gatewayd.incremental.view import View, query
from gatewayd.ir.edge import DEFAULT_ESCAPED_SLASHES, EscapedSlashes
from gatewayd.ir.outcome import Verdict
from gatewayd.own_group import own
from gatewayd.translator import verdicts

ANNOTATION: Final = own("escaped-slashes")
_BY_NAME: Final = {each.value: each for each in EscapedSlashes}
_SHOWN: Final = 60


class EscapedSlashesChoice(NamedTuple):
    """What becomes of escaped slashes, and what is wrong with what was asked for."""

    chosen: EscapedSlashes
    refused: Verdict | None


@query
def escaped_slashes(view: View, gateway: ObjectKey) -> EscapedSlashesChoice:
    """Return what a Gateway's listeners do with escaped slashes."""
    row = view.get(Gateway, gateway)
    annotation = row.metadata.annotations.get(ANNOTATION) if row is not None else None
    if annotation is None:
        return EscapedSlashesChoice(DEFAULT_ESCAPED_SLASHES, None)
    if annotation in _BY_NAME:
        return EscapedSlashesChoice(_BY_NAME[annotation], None)
    why = f"metadata.annotations[{ANNOTATION}]: {annotation[:_SHOWN]!r} is not known; allowed: {', '.join(_BY_NAME)}"
    return EscapedSlashesChoice(DEFAULT_ESCAPED_SLASHES, verdicts.invalid_parameters(why))
