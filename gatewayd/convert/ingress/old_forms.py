"""Ingresses of extensions/v1beta1 and networking.k8s.io/v1beta1 in the form of v1.

https://kubernetes.io/docs/reference/using-api/deprecation-guide/#ingress-v122
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from gatewayd.convert.source import SourceObject

_NUMBER: Final = re.compile("[0-9]{1,5}")


def in_v1_form(source: SourceObject) -> SourceObject:
    """Return an Ingress as v1 has it: `service` of a backend, and `defaultBackend`.

    Guides have the old fields in objects that say v1 as well.
    """
    value = {name: _with_services(each) for name, each in source.value.items()}
    spec = value.get("spec")
    if isinstance(spec, dict) and "backend" in spec:
        value["spec"] = {
            **{name: each for name, each in spec.items() if name != "backend"},
            "defaultBackend": spec["backend"],
        }
    return replace(source, value=value)


def _with_services(value: object) -> object:
    if isinstance(value, list):
        return [_with_services(each) for each in value]
    if not isinstance(value, Mapping):
        return value
    if "serviceName" not in value:
        return {name: _with_services(each) for name, each in value.items()}
    port = value.get("servicePort")
    number = int(port) if isinstance(port, int) or (isinstance(port, str) and _NUMBER.fullmatch(port)) else None
    named = {"number": number} if number is not None else {"name": port}
    kept = {name: each for name, each in value.items() if name not in ("serviceName", "servicePort")}
    return {**kept, "service": {"name": value["serviceName"], "port": named}}
