"""IngressClass: which controller serves the Ingresses of a class, and through which Gateway.

https://kubernetes.io/docs/reference/kubernetes-api/service-resources/ingress-class-v1/
"""

from typing import Annotated, Final, Literal

from msgspec import Meta

from gatewayd.api.meta import KubernetesObject, Shape
from gatewayd.api.scalars import NamespaceName, ObjectName
from gatewayd.own_group import own

DEFAULT_CLASS_ANNOTATION: Final = "ingressclass.kubernetes.io/is-default-class"
"""Says "true" of the class that the API server writes into an Ingress that names none.

https://kubernetes.io/docs/concepts/services-networking/ingress/#default-ingress-class
"""


NGINX_ANNOTATIONS: Final = own("nginx-annotations")
"""Says whether the annotations of ingress-nginx on the Ingresses of a class count, and how."""


class IngressClassParameters(Shape, frozen=True, kw_only=True):
    """An object that says more of a class: of gatewayd's it is the Gateway that serves it."""

    api_group: str | None = None
    kind: Annotated[str, Meta(min_length=1)]
    name: ObjectName
    scope: Literal["Cluster", "Namespace"] = "Cluster"
    namespace: NamespaceName | None = None


class IngressClassSpec(Shape, frozen=True, kw_only=True):
    """The controller's name and, where the class has them, its parameters."""

    controller: Annotated[str, Meta(max_length=250)] = ""
    parameters: IngressClassParameters | None = None


class IngressClass(KubernetesObject, frozen=True, kw_only=True):
    """A class of Ingresses; cluster-scoped."""

    spec: IngressClassSpec = IngressClassSpec()
