"""What a request to the API server may fail for: an answer that says no, by name where somebody acts on it, or none.

https://kubernetes.io/docs/reference/kubernetes-api/definitions/status-v1-meta/
"""

from collections.abc import Mapping
from typing import Final

import aiohttp
import msgspec

from gatewayd.ir.limits import RETRY_LONGEST_SECONDS

NAMESPACE_TERMINATING: Final = "NamespaceTerminating"
_PASSING: Final = frozenset((408, 409, 429))
"""Answers among 400 to 499 that say: not now."""
_DIGITS: Final = 9
"""Of a number of seconds: thirty years, more than anybody waits."""
_BODY_CHARACTERS: Final = 200
"""Of an answer that is not the API server's: enough to tell whose it is."""


class ApiError(Exception):
    """The API server answered with an error: the HTTP code, and reason, message and causes of its Status object.

    `retry_after`: for how many seconds it does not want to hear of this again; 0 when it does not say.
    """

    def __init__(
        self, status: int, reason: str, message: str, causes: tuple[str, ...] = (), retry_after: float = 0.0
    ) -> None:
        super().__init__(f"{status} {reason}: {message}")
        self.status = status
        self.reason = reason
        self.message = message
        self.causes = causes
        self.retry_after = retry_after

    @property
    def may_pass(self) -> bool:
        """Whether the same request may be answered otherwise without anybody doing anything about it."""
        return not 400 <= self.status < 500 or self.status in _PASSING


class NotFoundError(ApiError):
    """There is no such object, or no such kind."""


class ConflictError(ApiError):
    """Somebody else was first: the object has another resourceVersion, or there is one of that name already."""


class GoneError(ApiError):
    """The history that a watch or the next page of a list wanted is gone: everything must be listed again.

    https://kubernetes.io/docs/reference/using-api/api-concepts/#410-gone-responses
    """


_NAMED: Final[Mapping[int, type[ApiError]]] = {404: NotFoundError, 409: ConflictError, 410: GoneError}

CONNECTION_ERRORS: Final = (aiohttp.ClientError, TimeoutError, OSError, msgspec.MsgspecError)
"""What a request raises when there was no answer, and its decoding when the answer was not the API server's."""


def api_error(
    status: int, reason: str, message: str, causes: tuple[str, ...] = (), retry_after: float = 0.0
) -> ApiError:
    """Return the error for an HTTP code, by its name if it has one."""
    return _NAMED.get(status, ApiError)(status, reason, message, causes, retry_after)


def wait_asked_for(error: BaseException) -> float:
    """Return for how many seconds the API server does not want to be asked again; 0 when it did not say."""
    return error.retry_after if isinstance(error, ApiError) else 0.0


def is_of_ending_namespace(error: BaseException) -> bool:
    """Return whether nothing can be made because the namespace is being deleted: its objects go, so nothing is wrong.

    https://kubernetes.io/docs/reference/kubernetes-api/definitions/status-v1-meta/ (details.causes)
    """
    return isinstance(error, ApiError) and NAMESPACE_TERMINATING in error.causes


class _Cause(msgspec.Struct):
    reason: str = ""


class _Details(msgspec.Struct):
    causes: list[_Cause] | None = None


class _Status(msgspec.Struct):
    reason: str = ""
    message: str = ""
    details: _Details | None = None


def read_error(status: int, headers: Mapping[str, str], data: bytes) -> ApiError:
    """Return the error that an answer is: its HTTP code, headers, and body, a Status or whatever stood in between."""
    try:
        told = msgspec.json.decode(data, type=_Status)
    except msgspec.MsgspecError:
        told = _Status(message=data[:_BODY_CHARACTERS].decode(errors="replace"))
    causes = told.details.causes if told.details is not None else None
    reasons = tuple(cause.reason for cause in causes or ())
    return api_error(status, told.reason, told.message, reasons, _seconds(headers.get("Retry-After", "")))


def _seconds(text: str) -> float:
    """Return a Retry-After in seconds, up to our own longest wait; 0 for a date, which the API server never says.

    https://kubernetes.io/docs/concepts/cluster-administration/flow-control/
    https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3
    """
    is_number = text.isascii() and text.isdigit()
    return min(float(text[:_DIGITS]), RETRY_LONGEST_SECONDS) if is_number else 0.0
