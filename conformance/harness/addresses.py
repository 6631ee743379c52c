"""Every address, name and port of the cluster, in one place."""

from __future__ import annotations

from ipaddress import IPv4Network

NODE_NAME = "node"
# The API server refuses loopback addresses for its endpoint, so the node has one from TEST-NET-1 (RFC 5737).
NODE_IP = "192.0.2.1"
API_PORT = 6443
KUBELET_PORT = 10250
ETCD_PORT = 2379
SERVICE_RANGE = IPv4Network("10.96.0.0/16")
API_SERVICE_IP = "10.96.0.1"
DNS_SERVICE_IP = "10.96.0.10"
POD_RANGE = IPv4Network("10.244.0.0/16")
# Control planes of other clusters, each in a network namespace of its own behind this node, come from TEST-NET-3.
MEMBER_RANGE = IPv4Network("203.0.113.0/24")
# LoadBalancer addresses come from TEST-NET-2 (RFC 5737).
LOAD_BALANCER_RANGE = IPv4Network("198.51.100.0/24")
CLUSTER_DOMAIN = "cluster.local"
NAMESPACES_DIRECTORY = "/run/netns"
