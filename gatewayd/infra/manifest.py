"""Objects -> a manifest that `kubectl apply` takes; equal objects give equal text."""

from collections.abc import Iterable, Mapping
from typing import Any

import yaml


class _AnchorlessDumper(yaml.SafeDumper):
    """Writes equal values out each time, where YAML would refer back to the first."""

    def ignore_aliases(self, data: Any) -> bool:
        """Refer to nothing."""
        del data
        return True


def manifest(objects: Iterable[Mapping[str, Any]]) -> str:
    """Return YAML documents in the given order, keys as they come."""
    return yaml.dump_all(objects, Dumper=_AnchorlessDumper, sort_keys=False, explicit_start=True, width=120)
