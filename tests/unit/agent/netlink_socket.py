"""What a socket to the kernel is beside what it is sent and says: that is for who stands in for the kernel."""

from typing import Any, Self


class NetlinkSocket:
    """Takes the place of `socket.socket`, and of what that makes."""

    def __call__(self, *_: Any) -> Self:
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def settimeout(self, _seconds: float) -> None:
        pass
