"""What of a snapshot an Envoy asks for, and so has to have."""

from gatewayd.xds.resource import ROUTE, XDS_TYPES, Snapshot, TypeUrl


def needed(snapshot: Snapshot, refused: set[tuple[TypeUrl, str]]) -> dict[tuple[TypeUrl, str], str]:
    """Return the versions that an Envoy must have: of each type that it takes whole, of others what something names.

    A listener that is refused, or whose certificate is bad, has no filter chain, and nobody asks for its routes.
    """
    everything = {(row, name): item for row in XDS_TYPES for name, item in snapshot.of(row.url).items()}
    taken = {(row, name): item for (row, name), item in everything.items() if (row.url, name) not in refused}
    whole = [item.body for (row, _), item in taken.items() if row.wildcard]
    # A RouteConfiguration has its own name in it: only what is taken whole asks for one.
    users = whole + [item.body for (row, _), item in taken.items() if row.url == ROUTE]
    return {
        (row.url, name): item.version
        for (row, name), item in taken.items()
        if row.wildcard or any(name.encode() in body for body in (whole if row.url == ROUTE else users))
    }
