from envoy.config.core.v3 import base_pb2

from gatewayd.xds.build.build_cost import BuildCost, Work
from gatewayd.xds.resource import CLUSTER, content_version


def test_a_message_with_the_content_before_is_the_resource_before() -> None:
    work = Work()
    made = work.resource(CLUSTER, "name", base_pb2.Locality(zone="z"), None)
    assert made.version == content_version(made.body)
    assert work.resource(CLUSTER, "name", base_pb2.Locality(zone="z"), made) is made
    assert work.resource(CLUSTER, "name", base_pb2.Locality(zone="y"), made).version != made.version
    assert work.resource(CLUSTER, "other", base_pb2.Locality(zone="z"), made).name == "other"
    assert work.cost() == BuildCost(routes=0, virtual_hosts=0, resources=3)
