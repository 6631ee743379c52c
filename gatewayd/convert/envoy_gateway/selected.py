"""What a policy of Envoy Gateway chooses by labels, by its names: policies of ours name what they are for.

https://gateway.envoyproxy.io/docs/api/extension_types/ (targetSelectors)
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from gatewayd.api.refs import GATEWAY_GROUP
from gatewayd.convert.draft import JSON
from gatewayd.convert.fates import Fate, Fidelity
from gatewayd.convert.gateway_api.bindings import label_selector
from gatewayd.convert.source import SourceObject
from gatewayd.convert.values import items, mapping, spec_of, text
from gatewayd.translator.namespaces import selects

_FIELD: Final = "targetSelectors"


def with_selected(source: SourceObject, sources: Sequence[SourceObject], fates: list[Fate]) -> SourceObject:
    """Return a policy that names what its selectors choose among the sources."""
    spec = spec_of(source)
    if _FIELD not in spec:
        return source
    names = [
        {"group": GATEWAY_GROUP, "kind": each.kind, "name": each.key.name}
        for selector in items(spec.get(_FIELD))
        for each in _selected(selector, source, sources)
    ]
    shown = ", ".join(f"{each['kind']} {each['name']}" for each in names)
    path = f"spec.{_FIELD}"
    if names:
        message = f"what has these labels among the files is named: {shown}; what gets them later is not"
        fates.append(Fate(path=path, fidelity=Fidelity.APPROXIMATE, message=message))
    else:
        message = "nothing among the files has these labels; what it protected is open until an AccessPolicy names it"
        fates.append(Fate(path=path, fidelity=Fidelity.LOST, message=message, protects=True))
    kept = {name: value for name, value in spec.items() if name != _FIELD}
    refs = [*items(spec.get("targetRefs")), *names]
    written = {**kept, **({"targetRefs": refs} if refs else {})}
    return replace(source, value={**source.value, "spec": written})


def _selected(selector: JSON, policy: SourceObject, sources: Sequence[SourceObject]) -> Iterator[SourceObject]:
    kind, group = text(selector.get("kind")), text(selector.get("group")) or GATEWAY_GROUP
    for each in sources:
        labels = mapping(mapping(each.value.get("metadata")).get("labels"))
        own = {name: text(value) for name, value in labels.items()}
        is_near = each.key.namespace == policy.key.namespace
        if (each.group, each.kind) == (group, kind) and is_near and selects(label_selector(selector), own):
            yield each
