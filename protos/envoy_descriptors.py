"""Writes what xds-protos knows of Envoy's messages, for protoc to import: `python protos/envoy_descriptors.py FILE`."""  # noqa: INP001 - a program beside the files that it serves, no package

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from envoy.extensions.filters.http.oauth2.v3 import oauth_pb2
from google.protobuf import descriptor_pb2


def files(descriptor: Any, seen: set[str]) -> Iterator[Any]:
    """Yield a file and all that it imports, each once, in an order in which protoc can read them."""
    if descriptor.name in seen:
        return
    seen.add(descriptor.name)
    for imported in descriptor.dependencies:
        yield from files(imported, seen)
    proto = descriptor_pb2.FileDescriptorProto()
    descriptor.CopyToProto(proto)
    yield proto


if __name__ == "__main__":
    found = descriptor_pb2.FileDescriptorSet(file=files(oauth_pb2.DESCRIPTOR, set()))
    Path(sys.argv[1]).write_bytes(found.SerializeToString())
