"""The manifests of what belongs to neither of two teams: a class, a Gateway for both, and the platform's policies."""

SHARED = """
kind: GatewayClass
metadata: {name: gatewayd}
spec:
  controllerName: gatewayd.io/controller
  parametersRef: {group: "", kind: ConfigMap, name: class, namespace: gatewayd-system}
---
kind: ConfigMap
metadata: {name: class, namespace: gatewayd-system}
data: {allowedCode: Lua}
---
kind: Gateway
metadata: {name: gw, namespace: infra, generation: 1}
spec:
  gatewayClassName: gatewayd
  defaultScope: All
  infrastructure: {parametersRef: {group: "", kind: ConfigMap, name: settings}}
  allowedListeners: {namespaces: {from: All}}
  tls:
    backend: {clientCertificateRef: {name: cert}}
    frontend:
      default:
        validation: {mode: AllowInsecureFallback, caCertificateRefs: [{group: "", kind: ConfigMap, name: roots}]}
  listeners:
  - {name: http, port: 80, protocol: HTTP, allowedRoutes: {namespaces: {from: All}}}
  - {name: tls, port: 8443, protocol: TLS, tls: {mode: Passthrough}, allowedRoutes: {namespaces: {from: All}}}
  - name: old
    port: 8444
    protocol: HTTPS
    tls: {certificateRefs: [{name: cert}]}
    allowedRoutes: {namespaces: {from: All}}
---
kind: IngressClass
metadata: {name: old, annotations: {ingressclass.kubernetes.io/is-default-class: "true"}}
spec:
  controller: gatewayd.io/ingress-controller
  parameters: {apiGroup: gateway.networking.k8s.io, kind: Gateway, name: gw, namespace: infra, scope: Namespace}
---
kind: IngressClass
metadata: {name: nginx, annotations: {gatewayd.io/nginx-annotations: strict}}
spec:
  controller: gatewayd.io/ingress-controller
  parameters: {apiGroup: gateway.networking.k8s.io, kind: Gateway, name: gw, namespace: infra, scope: Namespace}
---
kind: XMesh
metadata: {name: mesh}
spec: {controllerName: gatewayd.io/controller}
---
kind: AccessPolicy
metadata: {name: floor, namespace: infra, generation: 1}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: gw}]
  override:
    clients: {deny: [{cidr: 192.0.2.0/24}]}
---
kind: RoutePolicy
metadata: {name: times, namespace: infra, generation: 1}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: gw}]
  default:
    timeouts: {request: 30s}
---
kind: ConfigMap
metadata: {name: settings, namespace: infra}
data: {replicas: "2"}
---
kind: Service
metadata: {name: gw-5f8f5c9d, namespace: infra}
spec: {clusterIP: 10.96.1.1, ports: [{name: http, port: 80}]}
"""
