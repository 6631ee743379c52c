"""Secrets that nobody else may ever see, and the search for them wherever something is written."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from conformance.scenarios import manifests
from conformance.scenarios.certificates import Maker, encoded
from conformance.scenarios.manifests import Object


@dataclass(slots=True, kw_only=True)
class Canaries:
    """`words` are what must be nowhere: parts of private keys and passwords, as they are and in base64."""

    words: dict[str, str] = field(default_factory=dict)
    searched: dict[str, int] = field(default_factory=dict)
    seen: list[str] = field(default_factory=list)
    planted: int = 0

    def tls(self, maker: Maker, where: str, name: str, host: str) -> Object:
        """Return a Secret with a certificate; a line of its key is a canary."""
        pair = maker.pair(host)
        self._plant(f"{where}/{name}", bytes(pair.key).decode().splitlines()[1])
        return manifests.tls_secret(where, name, encoded(pair.certificate), encoded(bytes(pair.key)))

    def half(self, maker: Maker, where: str, name: str, host: str) -> Object:
        """Return the same with a key that is cut short, which some message must tell of."""
        pair = maker.pair(host)
        key = bytes(pair.key)
        self._plant(f"{where}/{name} cut short", key.decode().splitlines()[1])
        return manifests.tls_secret(where, name, encoded(pair.certificate), encoded(key[: len(key) // 2 + 20]))

    def opaque(self, where: str, name: str) -> Object:
        """Return a Secret with a password."""
        word = f"canary-{secrets.token_hex(16)}"
        self._plant(f"{where}/{name}", word)
        return {
            "apiVersion": "v1",
            "kind": "Secret",
            "type": "Opaque",
            "metadata": {"namespace": where, "name": name},
            "data": {"password": base64.b64encode(word.encode()).decode()},
        }

    def _plant(self, whose: str, word: str) -> None:
        self.planted += 1
        self.words[word] = whose
        # Base64 of a word differs by where it begins: the middle of each of the three is the same wherever it stands.
        for shift in range(3):
            self.words[base64.b64encode(b"x" * shift + word.encode())[4:-4].decode()] = whose

    def search(self, place: str, text: str | bytes) -> None:
        """Look for all of them in what was written in a place."""
        data = text.encode() if isinstance(text, str) else text
        self.searched[place] = self.searched.get(place, 0) + len(data)
        self.seen += [f"{place}: {whose}" for word, whose in self.words.items() if word.encode() in data]

    def search_all(self, place: str, texts: Iterable[bytes]) -> None:
        """Look for them in several."""
        for text in texts:
            self.search(place, text)

    def lines(self) -> Iterator[str]:
        """Yield where was searched, and what was found."""
        yield from (f"searched {size:,} bytes of {place}" for place, size in self.searched.items())
        yield from (f"CANARY in {each}" for each in self.seen)
