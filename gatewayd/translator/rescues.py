"""What is said where gatewayd itself fails on an object: a bad value of that object, and of nothing beside it.

Where the input of one object enters, a query has a rescue, or a part of it is an `attempt`; both say it in these words.
No message tells what was read: some of it is secret.
"""


def blame(where: str, error: Exception) -> str:
    """Return the message that names the field, or the object, that gatewayd fails on."""
    return f"{where}: gatewayd failed on this ({type(error).__name__}); this is a bug in gatewayd"
