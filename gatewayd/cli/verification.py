"""What `gatewayd convert` proves: `--verify` asks a model and the objects the same, `--live` two addresses.

Objects are translated with stand-ins for what they refer to. Who answers at an address cannot be told, so that statuses
and redirects are compared.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Final, NamedTuple

from gatewayd.cli.offline import translated_texts
from gatewayd.cli.one_request import NoAnswerError, send
from gatewayd.cli.output import end
from gatewayd.cli.yaml_text import dumped
from gatewayd.convert.conversion import JSONObject, model
from gatewayd.convert.journeys import Ending, Probe, ToURL, WithStatus
from gatewayd.convert.stand_ins import StandInCertificate, stand_ins
from gatewayd.convert.verification import Verification, compared, verification
from gatewayd.explain.request import Sent
from gatewayd.explain.trace import Translated
from gatewayd.identity.certificates import Subject, issue, make_ca
from gatewayd.ir.filters import Header
from gatewayd.manifests.documents import Document
from gatewayd.run.exit_codes import INVALID

_ADDRESS: Final = re.compile(
    r"(?:\[(?P<bracketed>[0-9A-Fa-f:.]+)\]|(?P<host>[^:\[\]/]+))(?::(?P<http>[0-9]{1,5}))?(?::(?P<https>[0-9]{1,5}))?"
)


def verified(documents: Sequence[Document], objects: Sequence[JSONObject]) -> Verification:
    """Compare the Ingresses among documents with the objects that they were converted to."""
    texts = [dumped(each) for each in (*objects, *stand_ins(objects, _certificate()))]
    translation = translated_texts({"converted.yaml": "---\n".join(texts).encode()})
    source = model(documents)
    translated = Translated.of(translation.engine, translation.reconciler.configs)
    return verification(source.probes, source.answer, translated)


def _certificate() -> StandInCertificate:
    now = datetime.now(UTC)
    pair = issue(make_ca(now), Subject(common_name="stand-in", dns_names=("stand-in.example",), uris=()), now)
    return StandInCertificate(certificate=pair.certificate, key=bytes(pair.key))


def asked_live(documents: Sequence[Document], old: str, new: str) -> Verification:
    """Send the same requests to two addresses, `HOST[:PORT[:HTTPS-PORT]]`; what cannot be asked is not compared."""
    return compared(model(documents).probes, partial(_answer, _ports(old)), partial(_answer, _ports(new)))


class _Address(NamedTuple):
    host: str
    http: int
    https: int


def _ports(text: str) -> _Address:
    """Read an address; ends the program for one that is none."""
    match = _ADDRESS.fullmatch(text)
    if match is None:
        raise end(f"--live {text}: allowed is HOST[:PORT[:HTTPS-PORT]], an IPv6 address in brackets", INVALID)
    return _Address(match["bracketed"] or match["host"], int(match["http"] or 80), int(match["https"] or 443))


def _answer(address: _Address, probe: Probe) -> Ending | None:
    request = Sent(
        scheme=probe.scheme,
        method="GET",
        host=probe.host,
        target=probe.path,
        headers=tuple(Header(name=name, value=value) for name, value in probe.headers),
    )
    try:
        response = send(request, address.host, address.https if probe.scheme == "https" else address.http, b"")
    except NoAnswerError:
        return None
    location = next((value for name, value in response.headers if name.lower() == "location"), "")
    return ToURL(location=location) if location else WithStatus(status=response.status)
