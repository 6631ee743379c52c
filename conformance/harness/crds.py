"""The Gateway API's CRDs of the experimental channel, out of the Go module that releases them."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import yaml

from conformance.build import NEWER_GO, BuildError
from conformance.harness.kubeapi import Api, ApiError, Object

_MODULE = "sigs.k8s.io/gateway-api"
# The module's content as the public checksum database has it (sum.golang.org).
SUMS: Mapping[str, str] = {
    "v1.6.3": "h1:lKpJa5bGlraC/QeACvCpsHLdmO6y0iKfzVl6gzaFEYc=",
    "v1.7.0": "h1:duVnm7nO6oXfMMUWfcDoBph47CYR/ME3NGxccOVglaY=",
}
NEWEST = "v1.7.0"
# The module asks for that Go even to be unpacked.
_TOOLCHAINS = {NEWEST: NEWER_GO}
_COLLECTIONS = {
    "CustomResourceDefinition": "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
    "ValidatingAdmissionPolicy": "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies",
    "ValidatingAdmissionPolicyBinding": "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings",
}
_POLL_SECONDS = 0.1


def folder(version: str) -> Path:
    """Return the folder of the CRDs of a release, downloading the module when it is not in the module cache."""
    toolchain = {"GOTOOLCHAIN": _TOOLCHAINS[version]} if version in _TOOLCHAINS else {}
    done = subprocess.run(
        ("go", "mod", "download", "-json", f"{_MODULE}@{version}"),
        cwd="/",
        env={**os.environ, **toolchain},
        capture_output=True,
        text=True,
        check=False,
    )
    answer = json.loads(done.stdout or "{}")
    if done.returncode != 0 or "Dir" not in answer:
        raise BuildError(f"{_MODULE}@{version}: {answer.get('Error') or done.stderr}")
    if answer["Sum"] != SUMS[version]:
        raise BuildError(f"{_MODULE}@{version}: has the checksum {answer['Sum']}; expected {SUMS[version]}")
    return Path(answer["Dir"]) / "config" / "crd" / "experimental"


def manifests(crds: Path) -> list[Object]:
    """Read the objects that the folder's kustomization names."""
    names = yaml.load((crds / "kustomization.yaml").read_text(), Loader=yaml.CSafeLoader)["resources"]
    found: list[Object] = []
    for name in names:
        found += [each for each in yaml.load_all((crds / name).read_text(), Loader=yaml.CSafeLoader) if each]
    return found


async def install(api: Api, objects: list[Object]) -> None:
    """Apply the objects and wait until every CRD is served."""
    paths = [f"{_COLLECTIONS[each['kind']]}/{each['metadata']['name']}" for each in objects]
    await asyncio.gather(*(api.apply(path, each) for path, each in zip(paths, objects, strict=True)))
    served = [
        f"/apis/{each['spec']['group']}/{version['name']}/{each['spec']['names']['plural']}?limit=1"
        for each in objects
        if each["kind"] == "CustomResourceDefinition"
        for version in each["spec"]["versions"]
        if version["served"]
    ]
    await asyncio.gather(*(_wait_until_served(api, path) for path in served))


async def _wait_until_served(api: Api, path: str) -> None:
    while True:
        try:
            await api.get(path)
        except ApiError as error:
            if error.status != 404:
                raise
            await asyncio.sleep(_POLL_SECONDS)
        else:
            return
