"""Manifests in which there is something of every kind that gatewayd reads; they are all of `shop/gw`'s making."""

EVERYTHING = """
kind: Namespace
metadata: {name: shop, labels: {team: red}}
---
kind: Namespace
metadata: {name: blog}
---
kind: Gateway
metadata: {name: edge, namespace: shop, generation: 3}
spec:
  gatewayClassName: gatewayd
  allowedListeners: {namespaces: {from: All}}
  listeners:
  - {name: http, port: 80, protocol: HTTP, hostname: "*.example", allowedRoutes: {namespaces: {from: All}}}
  - {name: any, port: 80, protocol: HTTP}
  - {name: https, port: 443, protocol: HTTPS, tls: {certificateRefs: [{name: nobody}]}}
  - {name: pass, port: 8443, protocol: TLS, hostname: "*.pass.example", tls: {mode: Passthrough}}
  - {name: tcp, port: 9000, protocol: TCP}
  - {name: udp, port: 9000, protocol: UDP}
---
kind: ListenerSet
metadata: {name: more, namespace: blog, generation: 2}
spec:
  parentRef: {name: edge, namespace: shop}
  listeners: [{name: http, port: 8080, protocol: HTTP}]
---
kind: HTTPRoute
metadata: {name: web, namespace: shop, generation: 5}
spec:
  parentRefs: [{name: edge}, {name: gw}]
  hostnames: [www.example, "*.example"]
  rules:
  - {matches: [{path: {value: /cart}}], backendRefs: [{name: cart, port: 80}]}
  - {backendRefs: [{name: nobody, port: 80}]}
---
kind: HTTPRoute
metadata: {name: blog, namespace: blog}
spec:
  parentRefs: [{name: edge, namespace: shop}, {kind: ListenerSet, name: more}]
  hostnames: [blog.example]
  rules: [{backendRefs: [{name: cart, namespace: shop, port: 80}]}]
---
kind: ReferenceGrant
metadata: {name: blog, namespace: shop}
spec:
  from: [{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: blog}]
  to: [{group: "", kind: Service}]
---
kind: GRPCRoute
metadata: {name: rpc, namespace: shop}
spec:
  parentRefs: [{name: edge, sectionName: any}]
  rules: [{matches: [{method: {service: shop.Cart}}], backendRefs: [{name: cart, port: 80}]}]
---
kind: XTelemetryPolicy
metadata: {name: traces, namespace: shop}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: edge}]
  tracing: {mode: Enabled, provider: {backendRef: {name: cart, port: 80}}}
---
kind: ReportPolicy
metadata: {name: few, namespace: shop}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: HTTPRoute, name: web}]
  default: {sampling: {rate: {numerator: 1}}, metrics: {}}
---
kind: AccessPolicy
metadata: {name: floor, namespace: shop}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: edge}]
  override: {clients: {deny: [{cidr: 192.0.2.0/24}]}}
---
kind: RoutePolicy
metadata: {name: usual, namespace: blog}
spec:
  targetRefs: [{group: "", kind: Namespace}, {group: gateway.networking.k8s.io, kind: ListenerSet, name: more}]
  default: {timeouts: {request: 10s}, retry: {attempts: 2}}
---
kind: TLSRoute
metadata: {name: pass, namespace: shop}
spec:
  parentRefs: [{name: edge}]
  hostnames: [a.pass.example]
  rules: [{backendRefs: [{name: cart, port: 80}]}]
---
kind: TCPRoute
metadata: {name: tcp, namespace: shop}
spec:
  parentRefs: [{name: edge}]
  rules: [{backendRefs: [{name: cart, port: 80}]}]
---
kind: UDPRoute
metadata: {name: udp, namespace: shop}
spec:
  parentRefs: [{name: edge}]
  rules: [{backendRefs: [{name: dns, port: 53}]}]
---
kind: Service
metadata: {name: dns, namespace: shop}
spec: {ports: [{name: dns, port: 53, protocol: UDP}]}
---
kind: XBackendTrafficPolicy
metadata: {name: traffic, namespace: shop}
spec:
  targetRefs: [{group: "", kind: Service, name: cart}]
  retryConstraint: {budget: {percent: 30}}
---
kind: IngressClass
metadata: {name: web, annotations: {ingressclass.kubernetes.io/is-default-class: "true"}}
spec:
  controller: gatewayd.io/ingress-controller
  parameters: {apiGroup: gateway.networking.k8s.io, kind: Gateway, name: edge, namespace: shop, scope: Namespace}
---
kind: Ingress
metadata: {name: old, namespace: shop}
spec:
  ingressClassName: web
  defaultBackend: {service: {name: cart, port: {name: web}}}
  tls: [{hosts: [old.example], secretName: nobody}]
  rules:
  - host: old.example
    http: {paths: [{path: /cart, pathType: Prefix, backend: {service: {name: cart, port: {number: 80}}}}]}
---
kind: BackendTLSPolicy
metadata: {name: tls, namespace: shop}
spec:
  targetRefs: [{group: "", kind: Service, name: secure}]
  validation: {hostname: secure.example, wellKnownCACertificates: System}
"""
