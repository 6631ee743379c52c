"""What `gatewayd convert --verify` does: converted objects are translated with stand-ins for what they refer to."""

from collections.abc import Sequence
from datetime import UTC, datetime

from gatewayd.cli.offline import translated_texts
from gatewayd.cli.yaml_text import dumped
from gatewayd.convert.conversion import JSONObject, model
from gatewayd.convert.ingress.probes import probes
from gatewayd.convert.stand_ins import StandInCertificate, stand_ins
from gatewayd.convert.verification import Verification, verification
from gatewayd.explain.trace import Translated
from gatewayd.identity.certificates import Subject, issue, make_ca
from gatewayd.manifests.documents import Document


def verified(documents: Sequence[Document], objects: Sequence[JSONObject]) -> Verification:
    """Compare the Ingresses among documents with the objects that they were converted to."""
    texts = [dumped(each) for each in (*objects, *stand_ins(objects, _certificate()))]
    translation = translated_texts({"converted.yaml": "---\n".join(texts).encode()})
    configs = tuple(config for _, config in sorted(translation.reconciler.configs.items()))
    source = model(documents)
    return verification(probes(source), source.answer, Translated(engine=translation.engine, configs=configs))


def _certificate() -> StandInCertificate:
    now = datetime.now(UTC)
    pair = issue(make_ca(now), Subject(common_name="stand-in", dns_names=("stand-in.example",), uris=()), now)
    return StandInCertificate(certificate=pair.certificate, key=bytes(pair.key))
