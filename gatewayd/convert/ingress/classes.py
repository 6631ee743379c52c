"""Which controller an Ingress was for: ingress-nginx, whose annotations count, or another one."""

from collections.abc import Iterable
from typing import Final

from gatewayd.api.ingress import CLASS_ANNOTATION
from gatewayd.api.ingressclass import DEFAULT_CLASS_ANNOTATION
from gatewayd.convert.ingress.shapes import WrittenIngress, WrittenIngressClass
from gatewayd.translator.nginx.annotations import PREFIX

NGINX: Final = "k8s.io/ingress-nginx"


class IngressClasses:
    """The IngressClasses that there are, by name."""

    def __init__(self, classes: Iterable[WrittenIngressClass]) -> None:
        rows = tuple(classes)
        self._controllers = {each.metadata.name: each.spec.controller for each in rows}
        self._default = next(
            (each.metadata.name for each in rows if each.metadata.annotations.get(DEFAULT_CLASS_ANNOTATION) == "true"),
            "",
        )

    def name(self, ingress: WrittenIngress) -> str:
        """Return the class of an Ingress, the default one if it names none; "" where there is none either."""
        named = ingress.metadata.annotations.get(CLASS_ANNOTATION, "") or ingress.spec.ingress_class_name
        return named or self._default

    def is_nginx(self, ingress: WrittenIngress) -> bool:
        """Return whether an Ingress was for ingress-nginx: its class says so, else its name or annotations do."""
        name = self.name(ingress)
        controller = self._controllers.get(name)
        if controller is not None:
            return controller == NGINX
        return "nginx" in name or any(each.startswith(PREFIX) for each in ingress.metadata.annotations)

    def is_surely_nginx(self, ingress: WrittenIngress) -> bool:
        """Return whether its class says so: names such as `nginx` are other controllers' too."""
        return self._controllers.get(self.name(ingress)) == NGINX
