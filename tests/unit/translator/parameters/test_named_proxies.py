from gatewayd.api.meta import ObjectKey
from gatewayd.api.refs import LocalObjectRef
from gatewayd.translator.parameters.named_proxies import named_proxy
from tests.unit.envoy_gateway import foreign
from tests.unit.translator.manifests import delta, scratch

GROUP = "gateway.envoyproxy.io"


def test_an_envoy_proxy_that_is_named_and_there() -> None:
    view = scratch(delta(foreign("EnvoyProxy", "told")))
    found = named_proxy(view, LocalObjectRef(group=GROUP, kind="EnvoyProxy", name="told"), "shop")
    assert found is not None
    assert found.metadata.key == ObjectKey("shop", "told")


def test_anything_else_is_none() -> None:
    view = scratch(delta(foreign("EnvoyProxy", "told")))
    told = LocalObjectRef(group=GROUP, kind="EnvoyProxy", name="told")
    assert named_proxy(view, None, "shop") is None
    assert named_proxy(view, told, "elsewhere") is None
    assert named_proxy(view, LocalObjectRef(group="", kind="ConfigMap", name="told"), "shop") is None
