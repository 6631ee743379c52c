from tests.unit.convert.ingresses import converted, objects, rules

OLD = """
apiVersion: extensions/v1beta1
kind: Ingress
metadata: {name: shop, namespace: shop}
spec:
  backend: {serviceName: rest, servicePort: 81}
  rules:
  - host: shop.example
    http:
      paths:
      - {path: /a, backend: {serviceName: web, servicePort: "80"}}
      - {path: /b, backend: {serviceName: web, servicePort: http}}
"""


def test_backends_had_a_name_and_a_port() -> None:
    done = converted(OLD)
    assert {name: rule["backendRefs"] for name, rule in rules(done).items()} == {
        "a": [{"name": "web", "port": 80}],
        "b": [{"name": "web", "port": 80}],
        "root": [{"name": "rest", "port": 81}],
    }
    assert list(objects(done, "HTTPRoute")) == ["shop/shop"]


def test_old_fields_in_the_new_version_are_read_too() -> None:
    done = converted(OLD.replace("extensions/v1beta1", "networking.k8s.io/v1"))
    assert {name: rule["backendRefs"][0]["name"] for name, rule in rules(done).items()} == {
        "a": "web",
        "b": "web",
        "root": "rest",
    }
