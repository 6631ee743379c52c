"""The manifests of a team on a Gateway that is shared: an object of every kind.

In TEAM stand for what differs: NS the team, EDIT, NUMBER, ADDRESS and PORT numbers, TARGET a Service.
"""

TEAM = """
kind: HTTPRoute
metadata: {name: web, namespace: NS, generation: 1}
spec:
  parentRefs: [{name: gw, namespace: infra}, {kind: ListenerSet, name: more}, {name: own}]
  hostnames: [NS.example, both.example, "*.NS.example"]
  rules:
  - matches: [{path: {value: /EDIT-NS}}, {path: {type: RegularExpression, value: "/v[0-9]"}}]
    filters:
    - {type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: x-team, value: NS}]}}
    - {type: RequestMirror, requestMirror: {backendRef: {name: shop, port: 80}}}
    - {type: ExternalAuth, externalAuth: {protocol: HTTP, http: {}, backendRef: {name: shop, port: 80}}}
    sessionPersistence: {sessionName: NS}
    timeouts: {request: 10s}
    backendRefs: [{name: shop, port: 80}, {name: secure, port: 443}, {name: TARGET, port: 443}]
  - matches: [{path: {value: /old-NS}}]
    filters: [{type: RequestRedirect, requestRedirect: {path: {type: ReplaceFullPath, replaceFullPath: /new}}}]
  - matches: [{path: {value: /gone-NS}}]
    backendRefs: [{name: gone, port: 80}]
  - matches: [{path: {value: /away-NS}}]
    backendRefs: [{group: gateway.networking.x-k8s.io, kind: XBackend, name: away}]
---
kind: GRPCRoute
metadata: {name: rpc, namespace: NS, generation: 1}
spec:
  parentRefs: [{name: gw, namespace: infra, sectionName: http}]
  hostnames: [rpc.NS.example]
  rules: [{matches: [{method: {service: shop.NS}}], backendRefs: [{name: shop, port: 80}]}]
---
kind: TLSRoute
metadata: {name: pass, namespace: NS, generation: 1}
spec:
  parentRefs: [{name: gw, namespace: infra, sectionName: tls}]
  hostnames: [pass.NS.example]
  rules: [{backendRefs: [{name: shop, port: 80}]}]
---
kind: TCPRoute
metadata: {name: tcp, namespace: NS, generation: 1}
spec:
  parentRefs: [{kind: ListenerSet, name: more, sectionName: tcp}]
  rules: [{backendRefs: [{name: shop, port: 80}]}]
---
kind: UDPRoute
metadata: {name: udp, namespace: NS, generation: 1}
spec:
  parentRefs: [{kind: ListenerSet, name: more, sectionName: udp}]
  rules: [{backendRefs: [{name: dns, port: 53}]}]
---
kind: Ingress
metadata: {name: old, namespace: NS, generation: 1}
spec:
  ingressClassName: old
  defaultBackend: {service: {name: shop, port: {name: web}}}
  tls: [{hosts: [old.NS.test], secretName: cert}]
  rules:
  - host: old.NS.test
    http: {paths: [{path: /EDIT-old-NS, pathType: Prefix, backend: {service: {name: shop, port: {number: 80}}}}]}
  - host: "*.wild.NS.test"
    http: {paths: [{path: /gone, pathType: Exact, backend: {service: {name: gone, port: {number: 80}}}}]}
---
kind: Ingress
metadata:
  name: annotated
  namespace: NS
  generation: 1
  annotations: {nginx.ingress.kubernetes.io/upstream-vhost: EDIT.NS.test}
spec:
  ingressClassName: nginx
  tls: [{hosts: [nginx.NS.test], secretName: cert}]
  rules:
  - host: nginx.NS.test
    http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: shop, port: {number: 80}}}}]}
---
kind: Service
metadata: {name: meshed, namespace: NS}
spec:
  clusterIP: 10.96.0.ADDRESS
  clusterIPs: [10.96.0.ADDRESS, "fd00::ADDRESS"]
  ports: [{name: http, port: 80}, {name: grpc, port: 7070}]
---
kind: HTTPRoute
metadata: {name: meshed, namespace: NS, generation: 1}
spec:
  parentRefs:
  - {group: "", kind: Service, name: meshed, port: 80}
  - {group: "", kind: Service, name: gw-5f8f5c9d, namespace: infra}
  rules: [{matches: [{path: {value: /EDIT-NS}}], backendRefs: [{name: shop, port: 80}]}]
---
kind: GRPCRoute
metadata: {name: meshed, namespace: NS, generation: 1}
spec:
  parentRefs: [{group: "", kind: Service, name: meshed, port: 7070}]
  rules: [{matches: [{method: {service: EDIT.NS}}], backendRefs: [{name: shop, port: 80}]}]
---
kind: AccessPolicy
metadata: {name: callers, namespace: NS, generation: 1}
spec:
  targetRefs:
  - {group: gateway.networking.k8s.io, kind: HTTPRoute, name: meshed}
  - {group: gateway.networking.k8s.io, kind: GRPCRoute, name: meshed}
  default:
    authorization: {allow: [{namespaces: [NS, caller-NUMBER]}, {methods: [GET]}]}
---
kind: EnvoyExtensionPolicy
metadata: {name: theirs, namespace: NS, generation: 1}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: GRPCRoute, name: rpc}]
  extProc: [{backendRefs: [{name: shop, port: 80}], processingMode: {request: {}}, messageTimeout: NUMBERs}]
---
kind: Gateway
metadata: {name: own, namespace: NS, generation: 1}
spec:
  gatewayClassName: gatewayd
  infrastructure: {parametersRef: {group: "", kind: ConfigMap, name: settings}}
  tls: {backend: {clientCertificateRef: {name: cert}}}
  listeners:
  - {name: http, port: 80, protocol: HTTP}
  - {name: https, port: 443, protocol: HTTPS, hostname: own.NS.example, tls: {certificateRefs: [{name: cert}]}}
---
kind: ConfigMap
metadata: {name: settings, namespace: NS}
data: {nodeSelector: "{team: NS}", rateLimitService: "{namespace: NS, name: shop, port: 80}"}
---
kind: ListenerSet
metadata: {name: more, namespace: NS, generation: 1}
spec:
  parentRef: {name: gw, namespace: infra}
  listeners:
  - name: https
    port: 443
    protocol: HTTPS
    hostname: "*.NS.example"
    tls: {certificateRefs: [{name: cert}]}
    filters:
      requests: [{type: ExternalAuth, externalAuth: {protocol: HTTP, http: {}, backendRef: {name: shop, port: 80}}}]
  - {name: contested, port: 80, protocol: HTTP, hostname: contested.NS.example}
  - {name: tcp, port: PORT, protocol: TCP}
  - {name: udp, port: PORT, protocol: UDP}
---
kind: ListenerSet
metadata: {name: rival, namespace: NS, generation: 1}
spec:
  parentRef: {name: gw, namespace: infra}
  listeners: [{name: contested, port: 80, protocol: HTTP, hostname: contested.NS.example}]
---
kind: Service
metadata: {name: shop, namespace: NS}
spec: {ports: [{name: web, port: 80}]}
---
kind: Service
metadata: {name: secure, namespace: NS}
spec: {ports: [{name: web, port: 443}]}
---
kind: Service
metadata: {name: dns, namespace: NS}
spec: {ports: [{name: dns, port: 53, protocol: UDP}]}
---
kind: EndpointSlice
metadata: {name: shop-1, namespace: NS, labels: {kubernetes.io/service-name: shop}}
addressType: IPv4
ports: [{name: web, port: 8080}]
endpoints: [{addresses: [10.0.0.ADDRESS]}]
---
kind: EndpointSlice
metadata: {name: secure-1, namespace: NS, labels: {kubernetes.io/service-name: secure}}
addressType: IPv4
ports: [{name: web, port: 8443, appProtocol: https}]
endpoints: [{addresses: [10.0.1.ADDRESS]}]
---
kind: ServiceImport
metadata: {name: store, namespace: NS}
spec: {type: ClusterSetIP, ports: [{name: web, port: 80}]}
---
kind: EndpointSlice
metadata: {name: store-1, namespace: NS, labels: {multicluster.kubernetes.io/service-name: store}}
addressType: IPv4
ports: [{name: web, port: 8080}]
endpoints: [{addresses: [10.0.2.ADDRESS]}]
---
kind: BackendTLSPolicy
metadata: {name: tls, namespace: NS, generation: 1}
spec:
  targetRefs: [{group: "", kind: Service, name: secure}]
  validation:
    hostname: secure.NS.example
    caCertificateRefs:
    - {group: "", kind: ConfigMap, name: roots}
    - {group: "", kind: Secret, name: cert}
    - {group: certificates.k8s.io, kind: ClusterTrustBundle, name: NS-roots}
---
kind: XBackendTrafficPolicy
metadata: {name: traffic, namespace: NS, generation: 1}
spec:
  targetRefs: [{group: "", kind: Service, name: shop}]
  retryConstraint: {budget: {percent: 30}}
---
kind: XBackend
metadata: {name: away, namespace: NS, generation: 1}
spec:
  type: ExternalHostname
  externalHostname: {hostname: away.NS.test}
  port: {number: 443}
  tls:
    mode: ClientAndServer
    clientCertificateRef: {name: cert}
    validation: {hostname: away.NS.test, wellKnownCACertificates: System}
---
kind: AccessPolicy
metadata: {name: entry, namespace: NS, generation: 1}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: HTTPRoute, name: web}]
  default:
    clients: {allow: [{cidr: 10.NUMBER.0.0/16}]}
    apiKeys:
      secretRefs: [{name: keys}]
      sources: [{type: Header, name: x-key}]
      clientHeader: x-client
---
kind: AccessPolicy
metadata: {name: users, namespace: NS, generation: 1}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: GRPCRoute, name: rpc}]
  default:
    basic: {secretRef: {name: users}}
---
kind: Secret
metadata: {name: users, namespace: NS}
data: {.htpasswd: YW5uOntTSEF9TldvWksza1RzRXhVVjAwWXdvMUc1amxVS0tzPQo=}
---
kind: AccessPolicy
metadata: {name: pages, namespace: NS, generation: 1}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: GRPCRoute, name: rpc}]
  default:
    cors: {allowOrigins: ["https://NS.example"]}
---
kind: Namespace
metadata: {name: NS, generation: 1}
---
kind: RoutePolicy
metadata: {name: marks, namespace: NS, generation: 1}
spec:
  targetRefs: [{group: "", kind: Namespace, name: NS}]
  default:
    headers: {response: {set: [{name: x-team, value: NS}]}}
---
kind: RoutePolicy
metadata: {name: passage, namespace: NS, generation: 1}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: HTTPRoute, name: web}]
  default:
    timeouts: {request: NUMBER0s}
    retry: {attempts: 2, codes: [503]}
    globalLimits: {limits: [{name: all, requests: NUMBER, unit: Hour}]}
    externalProcessing: {backendRef: {name: shop, port: 80}, request: {}}
---
kind: ReportPolicy
metadata: {name: lines, namespace: NS, generation: 1}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: own}]
  default:
    accessLog:
      minStatus: 40NUMBER
      sinks: [{type: Output}, {type: OTLP, backendRef: {name: shop, port: 80}}]
---
kind: ReportPolicy
metadata: {name: counts, namespace: NS, generation: 1}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: HTTPRoute, name: web}]
  default: {sampling: {rate: {numerator: NUMBER}}, metrics: {}}
---
kind: XTelemetryPolicy
metadata: {name: traces, namespace: NS, generation: 1}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: own}]
  tracing: {mode: Enabled, provider: {backendRef: {name: shop, port: 80}}, samplingRate: {numerator: NUMBER}}
---
kind: HTTPRoute
metadata: {name: desk, namespace: NS, generation: 1}
spec:
  parentRefs: [{name: gw, namespace: infra, sectionName: http}]
  hostnames: [desk.NS.example]
  rules: [{backendRefs: [{name: shop, port: 80}]}]
---
kind: RoutePolicy
metadata: {name: script, namespace: NS, generation: 1}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: HTTPRoute, name: desk}]
  default: {lua: {inline: "function envoy_on_request(handle) return NUMBER end"}}
---
kind: Gateway
metadata: {name: told, namespace: NS, generation: 1}
spec:
  gatewayClassName: gatewayd
  infrastructure: {parametersRef: {group: gateway.envoyproxy.io, kind: EnvoyProxy, name: told}}
  listeners: [{name: http, port: 80, protocol: HTTP}]
---
kind: EnvoyProxy
metadata: {name: told, namespace: NS, generation: 1}
spec: {telemetry: {tracing: {samplingRate: NUMBER, provider: {backendRefs: [{name: shop, port: 80}]}}}}
---
kind: AccessPolicy
metadata: {name: login, namespace: NS, generation: 1}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: HTTPRoute, name: desk}]
  default:
    oidc:
      issuer: https://login.NS.test
      authorizationEndpoint: https://login.NS.test/authorize
      tokenEndpoint: https://login.NS.test/token
      clientID: cNUMBER
      clientSecretRef: {name: login}
      backendRef: {name: secure, port: 443}
---
kind: Secret
metadata: {name: login, namespace: NS}
data: {client-secret: bG9uZy1lbm91Z2gtZm9yLWFueWJvZHktTlM=}
---
kind: HTTPRoute
metadata: {name: api, namespace: NS, generation: 1}
spec:
  parentRefs: [{name: gw, namespace: infra, sectionName: http}]
  hostnames: [api.NS.example]
  rules:
  - backendRefs: [{name: shop, port: 80}, {group: multicluster.x-k8s.io, kind: ServiceImport, name: store, port: 80}]
---
kind: AccessPolicy
metadata: {name: tokens, namespace: NS, generation: 1}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: HTTPRoute, name: api}]
  default:
    jwt: {providers: [{name: corp, issuer: "https://NS.test/NUMBER", keys: {uri: "https://keys.NS.test/NUMBER"}}]}
    externalAuth: {protocol: GRPC, backendRef: {name: shop, port: 80}}
---
kind: ClientPolicy
metadata: {name: talk, namespace: NS, generation: 1}
spec:
  targetRefs:
  - {group: gateway.networking.k8s.io, kind: Gateway, name: own}
  - {group: gateway.networking.k8s.io, kind: ListenerSet, name: more}
  default:
    headers: {maxCount: 5NUMBER}
    clientCertificate: {revocation: {lists: [{name: revoked}]}}
    http3: {}
---
kind: BackendPolicy
metadata: {name: calm, namespace: NS, generation: 1}
spec:
  targetRefs: [{group: "", kind: Namespace, name: NS}]
  default:
    limits: {requests: 10NUMBER}
---
kind: Secret
metadata: {name: keys, namespace: NS}
data: {NS: bG9uZy1lbm91Z2gtTlM=}
---
kind: SecurityPolicy
metadata: {name: theirs, namespace: NS, generation: 1}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: GRPCRoute, name: rpc}]
  csrf: {additionalOrigins: ["https://pNUMBER.NS.example"]}
---
kind: ClientTrafficPolicy
metadata: {name: theirs, namespace: NS, generation: 1}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: own}]
  connection: {connectionLimit: {value: 10NUMBER}}
---
kind: BackendTrafficPolicy
metadata: {name: theirs, namespace: NS, generation: 1}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: GRPCRoute, name: rpc}]
  timeout: {http: {requestTimeout: 1NUMBERs}}
---
kind: ReferenceGrant
metadata: {name: grant, namespace: NS}
spec:
  from: [{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: infra}]
  to: [{group: "", kind: Service}]
"""
