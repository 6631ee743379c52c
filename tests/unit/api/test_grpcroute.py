from tests.unit.api.documents import accepted, document, grpc_rule


def test_a_route_without_rules() -> None:
    assert accepted(document("GRPCRoute", spec={})).spec.rules == ()


def test_a_rule() -> None:
    (rule,) = accepted(
        grpc_rule(
            matches=[{"method": {"service": "shop.v1.Cart"}, "headers": [{"name": "env", "value": "canary"}]}],
            filters=[{"type": "RequestHeaderModifier", "requestHeaderModifier": {"remove": ["x-debug"]}}],
            backendRefs=[{"name": "cart", "port": 9000}],
        )
    ).spec.rules
    assert (rule.matches[0].method.type, rule.matches[0].method.method) == ("Exact", None)
    assert rule.matches[0].headers[0].type == "Exact"
    assert rule.filters[0].request_header_modifier.remove == ("x-debug",)
    assert rule.backend_refs[0].filters == ()
