"""What of the suite is run together, and what it has to give: the gateway's profiles, or the mesh's.

The profiles and their features: https://gateway-api.sigs.k8s.io/concepts/conformance/#2-conformance-profiles
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from conformance.harness import crds
from gatewayd.translator.features import MESH_FEATURES

GATEWAY, MESH = "gateway", "mesh"
ALL_FEATURES = "all"
"""Of a gateway: suite/suite_test.go leaves the mesh's out."""


class Figures(NamedTuple):
    """Of a profile: core tests, extended tests, extended features; what has passed, or all that there are."""

    core: int
    extended: int
    features: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Profiles that are run together.

    `ceilings`: by the release of the CRDs and profile. `beside`: tests that are in no profile, and have to pass too.
    `features`: what is claimed, ALL_FEATURES or names separated by commas. `install`: further options of
    `gatewayd install`. `mode`: what the report calls an installation with these.
    """

    ceilings: Mapping[str, Mapping[str, Figures]]
    beside: tuple[str, ...]
    features: str
    install: tuple[str, ...]
    mode: str

    @property
    def profiles(self) -> str:
        """Return the profiles as the suite takes them."""
        return ",".join(self.ceilings[crds.NEWEST])


_OF_GATEWAYS_TOO = (
    "HTTPRoute303RedirectStatusCode",
    "HTTPRoute307RedirectStatusCode",
    "HTTPRoute308RedirectStatusCode",
    "HTTPRouteParentRefPort",
    "HTTPRouteResponseHeaderModification",
)
"""Features of a gateway that some of the mesh's tests ask for, which are therefore in no profile."""

PARTS: Mapping[str, Part] = {
    GATEWAY: Part(
        ceilings={
            crds.NEWEST: {
                "GATEWAY-HTTP": Figures(40, 64, 43),
                "GATEWAY-GRPC": Figures(17, 13, 17),
                "GATEWAY-TLS": Figures(21, 18, 19),
                "GATEWAY-TCP": Figures(20, 11, 16),
                "GATEWAY-UDP": Figures(21, 11, 16),
            },
            "v1.6.3": {
                "GATEWAY-HTTP": Figures(40, 63, 43),
                "GATEWAY-GRPC": Figures(17, 13, 17),
                "GATEWAY-TLS": Figures(21, 18, 19),
                "GATEWAY-TCP": Figures(20, 11, 16),
                "GATEWAY-UDP": Figures(21, 11, 16),
            },
        },
        beside=(),
        features=ALL_FEATURES,
        install=(),
        mode="default",
    ),
    MESH: Part(
        # A report is silent on the extended features of a profile that has no test of one, as MESH-GRPC's.
        ceilings={
            crds.NEWEST: {"MESH-HTTP": Figures(7, 7, 9), "MESH-GRPC": Figures(3, 0, 0)},
            "v1.6.3": {"MESH-HTTP": Figures(7, 7, 9), "MESH-GRPC": Figures(3, 0, 0)},
        },
        beside=(
            "MeshConsumerRoute",
            "MeshFrontend",
            "MeshFrontendHostname",
            "MeshHTTPRoute303Redirect",
            "MeshHTTPRoute307Redirect",
            "MeshHTTPRoute308Redirect",
            "MeshPorts",
        ),
        features=",".join((*MESH_FEATURES, *_OF_GATEWAYS_TOO)),
        install=("--mesh",),
        mode="mesh",
    ),
}


def figures(profile: Mapping[str, Any]) -> Figures:
    """Return what has passed of a profile of a report."""
    extended = profile.get("extended", {})
    return Figures(
        core=profile["core"]["statistics"]["Passed"],
        extended=extended.get("statistics", {}).get("Passed", 0),
        features=len(extended.get("supportedFeatures", ())),
    )


def lost(profile: Mapping[str, Any]) -> int:
    """Return how many tests have not passed; an extended one that was skipped is missing among the passed ones."""
    core, extended = (profile.get(part, {}).get("statistics", {}) for part in ("core", "extended"))
    return int(core["Failed"] + core["Skipped"] + extended.get("Failed", 0))
