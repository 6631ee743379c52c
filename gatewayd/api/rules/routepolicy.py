"""Rules about sections of RoutePolicy and their parts, each with the CEL text that its CRD has for it."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from msgspec import Struct

from gatewayd.api.externalprocessing import ExternalProcessingSection
from gatewayd.api.globallimits import GlobalLimitsSection, LimitCost
from gatewayd.api.luasection import LuaSection
from gatewayd.api.meta import Problem, Problems
from gatewayd.api.routepolicy import BandwidthSection, HeaderFrom
from gatewayd.api.rules.cel import Validation, holds_some


def bandwidth_given(section: BandwidthSection) -> Problems:
    """Check that there is a limit (spec.default.bandwidth)."""
    if section.kibibytes_per_second is None and not section.is_disabled:
        yield Problem(path="kibibytesPerSecond", message="is required, unless mode is Disabled")


def one_source(header: HeaderFrom) -> Problems:
    """Check that a value comes from one place (spec.default.headers.request.setFrom[])."""
    if (header.header is None) == (header.property is None):
        yield Problem(path="", message="must have one of header, property")


def shared_limit_given(section: GlobalLimitsSection) -> Problems:
    """Check that something is limited (spec.default.globalLimits)."""
    if not section.limits and not section.is_disabled:
        yield Problem(path="limits", message="must not be empty")


def something_counts(cost: LimitCost) -> Problems:
    """Check that a request counts at some time (spec.default.globalLimits.limits.cost)."""
    if cost.request == 0 and cost.response_header is None:
        yield Problem(path="request", message="must be above 0 without a responseHeader: nothing would ever count")


def something_shown(section: ExternalProcessingSection) -> Problems:
    """Check that it is said who sees what (spec.default.externalProcessing)."""
    if section.is_disabled:
        return
    if section.backend_ref is None:
        yield Problem(path="backendRef", message="is required")
    if section.request is None and section.response is None:
        yield Problem(path="", message="must have one of request, response")


def one_script(section: LuaSection) -> Problems:
    """Check that there is one script (spec.default.lua)."""
    if not section.is_disabled and (section.inline is None) == (section.config_map_ref is None):
        yield Problem(path="", message="must have one of inline, configMapRef")


SECTIONS: Final[Mapping[type[Struct], tuple[Validation, ...]]] = MappingProxyType(
    {
        BandwidthSection: (
            Validation(
                bandwidth_given,
                "self.mode == 'Disabled' || has(self.kibibytesPerSecond)",
                "kibibytesPerSecond is required",
            ),
        ),
        GlobalLimitsSection: (
            Validation(
                shared_limit_given, f"self.mode == 'Disabled' || {holds_some('limits')}", "limits must not be empty"
            ),
        ),
        ExternalProcessingSection: (
            Validation(
                something_shown,
                "self.mode == 'Disabled' || (has(self.backendRef) && (has(self.request) || has(self.response)))",
                "backendRef is required, and one of request, response",
            ),
        ),
        LuaSection: (
            Validation(
                one_script,
                "self.mode == 'Disabled' || has(self.inline) != has(self.configMapRef)",
                "must have one of inline, configMapRef",
            ),
        ),
    }
)
PARTS: Final[Mapping[type[Struct], tuple[Validation, ...]]] = MappingProxyType(
    {
        HeaderFrom: (
            Validation(one_source, "has(self.header) != has(self.property)", "must have one of header, property"),
        ),
        LimitCost: (
            Validation(
                something_counts,
                "!has(self.request) || self.request > 0 || has(self.responseHeader)",
                "request must be above 0 without a responseHeader",
            ),
        ),
    }
)
