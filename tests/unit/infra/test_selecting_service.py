from gatewayd.api.kinds import BY_STRUCT
from gatewayd.api.xbackend import XBackend
from gatewayd.infra.selecting_service import XBACKEND_VERSION, selecting_document
from gatewayd.ir.selected_pods import SelectingService

WANTED = SelectingService(
    namespace="shop",
    backend="pods",
    uid="uid-1",
    selector=(("app", "cart"),),
    port=8080,
    manager="gatewayd",
    is_wanted=True,
    is_there=False,
)


def test_the_service_selects_the_pods_and_goes_with_its_backend() -> None:
    made = selecting_document(WANTED)
    assert (made["apiVersion"], made["kind"]) == ("v1", "Service")
    assert made["metadata"]["name"] == "gatewayd-xbackend-pods"
    assert made["metadata"]["labels"] == {"app.kubernetes.io/managed-by": "gatewayd"}
    [owner] = made["metadata"]["ownerReferences"]
    assert (owner["apiVersion"], owner["kind"], owner["name"], owner["uid"]) == (
        BY_STRUCT[XBackend].api_version,
        "XBackend",
        "pods",
        "uid-1",
    )
    assert BY_STRUCT[XBackend].api_version == XBACKEND_VERSION
    assert made["spec"] == {
        "clusterIP": "None",
        "selector": {"app": "cart"},
        "ports": [{"port": 8080, "targetPort": 8080, "protocol": "TCP"}],
    }
