"""What of certificates and CA bundles the Envoys of one Gateway do not take, for as long as the Gateway is there.

In: refusals of single Secrets, our own streams' and what other replicas tell. Out: all of them, sorted.
Envoy keeps the content of a Secret that it has refused, and then refuses every later change of a listener that names
it, whatever else stands in it. So nothing that was refused once is sent again: a version stands for the content, and
is remembered when nothing names it any more, and when those who refused it have gone.
https://github.com/envoyproxy/envoy/blob/v1.36.0/source/common/secret/sds_api.cc (`onConfigUpdate`)
"""

from collections.abc import Iterable
from typing import Final

from gatewayd.ir.limits import REFUSED_SECRETS
from gatewayd.ir.outcome import RefusedSecret
from gatewayd.xds.names import is_trust

_OF_TRUST: Final = ("trusted CA", "CRL")
"""What Envoy says of bundles only: "Failed to load trusted CA certificates from <inline>", or a CRL from there."""


def is_to_blame(name: str, words: str) -> bool:
    """Return whether the words are about this Secret: Envoy may refuse one for another that it is used with.

    https://github.com/envoyproxy/envoy/blob/v1.36.0/source/common/tls/context_impl.cc, cert_validator/utility.cc
    """
    return is_trust(name) == any(each in words for each in _OF_TRUST)


class RefusedSecrets:
    """The refused versions with the words of the first refusal of each. `all` is another tuple after each change."""

    __slots__ = ("_words", "all")

    def __init__(self) -> None:
        self._words: dict[str, str] = {}  # in order of arrival
        self.all: tuple[RefusedSecret, ...] = ()

    def add(self, refused: Iterable[RefusedSecret]) -> bool:
        """Remember; of too many the oldest are forgotten. Return whether anything was new."""
        news = {each.version: each.message for each in refused if each.version not in self._words}
        if not news:
            return False
        self._words.update(news)
        for version in [*self._words][: len(self._words) - REFUSED_SECRETS]:
            del self._words[version]
        self.all = tuple(
            sorted(RefusedSecret(version=version, message=message) for version, message in self._words.items())
        )
        return True
