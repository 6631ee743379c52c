"""What is said of an object that exists, and whose content is not known."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """A row beside where the object's own would be; `why` ends a sentence that its name begins ("cannot be read")."""

    why: str
