"""What a cluster needs."""

from envoy.config.cluster.v3 import cluster_pb2
from envoy.config.core.v3 import config_source_pb2
from envoy.extensions.transport_sockets.proxy_protocol.v3 import upstream_proxy_protocol_pb2
from envoy.extensions.transport_sockets.tls.v3 import secret_pb2, tls_pb2

from gatewayd.ads.sharing.cluster_dependencies import References, references
from gatewayd.xds.resource import CLUSTER, ENDPOINT, SECRET, Resource, resource


def cluster(message: cluster_pb2.Cluster) -> Resource:
    return resource(CLUSTER, message.name, message.SerializeToString())


def sds(name: str) -> secret_pb2.SdsSecretConfig:
    return secret_pb2.SdsSecretConfig(name=name, sds_config=config_source_pb2.ConfigSource(ads={}))


def test_endpoints_are_named_by_the_service_or_the_cluster() -> None:
    plain = cluster_pb2.Cluster(name="a", type=cluster_pb2.Cluster.EDS)
    named = cluster_pb2.Cluster(name="b", type=cluster_pb2.Cluster.EDS, eds_cluster_config={"service_name": "s"})
    assert references(cluster(plain)) == ((ENDPOINT, "a"),)
    assert references(cluster(named)) == ((ENDPOINT, "s"),)


def test_a_static_cluster_needs_nothing() -> None:
    assert references(cluster(cluster_pb2.Cluster(name="a", type=cluster_pb2.Cluster.STATIC))) == ()


def test_secrets_of_every_transport_socket_are_found() -> None:
    common = tls_pb2.CommonTlsContext(
        tls_certificate_sds_secret_configs=[sds("client")],
        combined_validation_context={"validation_context_sds_secret_config": sds("ca")},
    )
    other = tls_pb2.CommonTlsContext(validation_context_sds_secret_config=sds("other-ca"))
    message = cluster_pb2.Cluster(name="a", type=cluster_pb2.Cluster.STATIC)
    message.transport_socket.typed_config.Pack(tls_pb2.UpstreamTlsContext(common_tls_context=common))
    match = message.transport_socket_matches.add()
    match.transport_socket.typed_config.Pack(tls_pb2.UpstreamTlsContext(common_tls_context=other))
    assert references(cluster(message)) == ((SECRET, "client"), (SECRET, "ca"), (SECRET, "other-ca"))


def test_secrets_behind_the_proxy_protocol_are_found() -> None:
    common = tls_pb2.CommonTlsContext(validation_context_sds_secret_config=sds("ca"))
    wrapped = upstream_proxy_protocol_pb2.ProxyProtocolUpstreamTransport()
    wrapped.transport_socket.typed_config.Pack(tls_pb2.UpstreamTlsContext(common_tls_context=common))
    message = cluster_pb2.Cluster(name="a", type=cluster_pb2.Cluster.STATIC)
    message.transport_socket.typed_config.Pack(wrapped)
    assert references(cluster(message)) == ((SECRET, "ca"),)


def test_a_secret_of_a_file_is_not_awaited() -> None:
    common = tls_pb2.CommonTlsContext(tls_certificate_sds_secret_configs=[secret_pb2.SdsSecretConfig(name="static")])
    message = cluster_pb2.Cluster(name="a", type=cluster_pb2.Cluster.STATIC)
    message.transport_socket.typed_config.Pack(tls_pb2.UpstreamTlsContext(common_tls_context=common))
    assert references(cluster(message)) == ()


def test_what_is_no_cluster_needs_nothing() -> None:
    assert references(resource(CLUSTER, "a", b"\xff\xff")) == ()


def test_a_cluster_is_read_once() -> None:
    memo = References()
    item = cluster(cluster_pb2.Cluster(name="a", type=cluster_pb2.Cluster.EDS))
    assert memo.of(item) is memo.of(item)


def test_a_cluster_that_nobody_asks_about_is_forgotten() -> None:
    memo = References()
    item = cluster(cluster_pb2.Cluster(name="a", type=cluster_pb2.Cluster.EDS))
    memo.of_all({"a": item}, frozenset({"a"}))
    memo.sweep()
    memo.sweep()
    assert (len(memo._memo), len(memo._needs)) == (0, 0)


def test_what_many_clusters_need_is_found_once() -> None:
    memo, names = References(), frozenset({"a", "b", "gone"})
    found = {name: cluster(cluster_pb2.Cluster(name=name, type=cluster_pb2.Cluster.EDS)) for name in "abc"}
    needs = memo.of_all(found, names)
    assert (needs.clusters, needs.named) == (frozenset("ab"), {ENDPOINT: frozenset({"a", "b"})})
    assert memo.of_all(found, frozenset(names)) is needs
    assert memo.of_all(dict(found), names) is not needs
