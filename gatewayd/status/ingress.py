"""IngressOutcome -> Ingress status: the addresses under which it is served, since nothing else can be said there.

https://kubernetes.io/docs/reference/kubernetes-api/service-resources/ingress-v1/#IngressStatus
"""

from gatewayd.ir.outcome import Address, IngressOutcome
from gatewayd.status.condition import Json


def ingress_status(outcome: IngressOutcome) -> Json:
    """Return all of the status, which is that of the controller of the class."""
    addresses = [_address(each) for each in outcome.addresses]
    return {"loadBalancer": {"ingress": addresses} if addresses else {}}


def _address(of: Address) -> Json:
    return {"ip" if of.type == "IPAddress" else "hostname": of.value}
