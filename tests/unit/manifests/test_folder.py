from collections.abc import Mapping

from hypothesis import given, settings
from hypothesis import strategies as st

from gatewayd.api.core import Namespace
from gatewayd.api.gatewayclass import GatewayClass
from gatewayd.api.httproute import HTTPRoute
from gatewayd.api.meta import KubernetesObject, ObjectKey
from gatewayd.manifests.admission import Identity, with_generation
from gatewayd.manifests.folder import CLASS_NAME, Absence, Contents, Folder, FolderChange, UnreadableFile
from gatewayd.own_group import CONTROLLER

SHOP = Identity("HTTPRoute", ObjectKey("default", "shop"))


def route(name: str, host: str = "a.example", namespace: str = "default") -> bytes:
    return (
        f"apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\n"
        f"metadata: {{name: {name}, namespace: {namespace}}}\nspec:\n  hostnames: [{host}]\n---\n"
    ).encode()


BAD_SHOP = route("shop", "'*.*'")
BAD_LINE = "spec.hostnames[0]"


def namespace(name: str, label: str) -> bytes:
    return f"apiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}, labels: {{team: {label}}}}}\n---\n".encode()


def gateway_class(name: str, controller: str) -> bytes:
    return (
        f"apiVersion: gateway.networking.k8s.io/v1\nkind: GatewayClass\nmetadata: {{name: {name}}}\n"
        f"spec: {{controllerName: {controller}}}\n---\n"
    ).encode()


class Served:
    """The objects that the Deltas so far leave, by kind and key."""

    def __init__(self) -> None:
        self.folder = Folder()
        self.objects: dict[tuple[str, ObjectKey], KubernetesObject] = {}

    def step(self, **changes: Contents) -> FolderChange:
        return self.step_all({f"{name}.yaml": contents for name, contents in changes.items()})

    def step_all(self, changes: Mapping[str, Contents]) -> FolderChange:
        step = self.folder.step(changes)
        for delta in step.deltas:
            assert isinstance(delta.key, ObjectKey)
            where = (delta.kind.__name__, delta.key)
            if delta.obj is None:
                del self.objects[where]
            else:
                assert isinstance(delta.obj, KubernetesObject)
                assert self.objects.get(where) != delta.obj
                self.objects[where] = delta.obj
        return step

    def names(self, kind: str = "HTTPRoute") -> list[str]:
        return sorted(str(key) for its, key in self.objects if its == kind)

    def route(self, name: str, namespace: str = "default") -> HTTPRoute:
        obj = self.objects["HTTPRoute", ObjectKey(namespace, name)]
        assert isinstance(obj, HTTPRoute)
        return obj


def printed(step: FolderChange) -> list[str]:
    return [str(problem) for problem in step.problems]


def test_an_empty_folder_has_the_class_of_gatewayd() -> None:
    served = Served()
    served.step()
    assert served.names("GatewayClass") == [CLASS_NAME]
    obj = served.objects["GatewayClass", ObjectKey("", CLASS_NAME)]
    assert isinstance(obj, GatewayClass)
    assert obj.spec.controller_name == CONTROLLER
    assert served.step().deltas == ()


def test_a_class_of_that_name_takes_the_place_of_the_implied_one() -> None:
    served = Served()
    served.step(a=gateway_class("gatewayd", "example.com/other"))
    obj = served.objects["GatewayClass", ObjectKey("", CLASS_NAME)]
    assert isinstance(obj, GatewayClass)
    assert obj.spec.controller_name == "example.com/other"
    served.step(a=gateway_class("other", "example.com/other"))
    assert served.names("GatewayClass") == ["gatewayd", "other"]
    obj = served.objects["GatewayClass", ObjectKey("", CLASS_NAME)]
    assert isinstance(obj, GatewayClass)
    assert obj.spec.controller_name == CONTROLLER


def test_namespaces_in_use_are_implied() -> None:
    served = Served()
    served.step(a=route("one", namespace="x") + route("two", namespace="x") + route("three", namespace="y"))
    assert served.names("Namespace") == ["x", "y"]
    served.step(a=route("two", namespace="x"))
    assert served.names("Namespace") == ["x"]
    served.step(b=namespace("x", "red") + namespace("z", "blue"))
    obj = served.objects["Namespace", ObjectKey("", "x")]
    assert isinstance(obj, Namespace)
    assert obj.metadata.labels == {"team": "red", "kubernetes.io/metadata.name": "x"}
    served.step(b=Absence.GONE)
    obj = served.objects["Namespace", ObjectKey("", "x")]
    assert obj.metadata.labels == {"kubernetes.io/metadata.name": "x"}
    assert served.names("Namespace") == ["x"]
    served.step(a=b"")
    assert served.names("Namespace") == []


def test_unchanged_objects_give_no_delta_and_changed_specs_a_generation() -> None:
    served = Served()
    served.step(a=route("shop") + route("cart"))
    assert served.step(a=b"# moved\n" + route("cart") + route("shop")).deltas == ()
    (delta,) = served.step(a=route("cart") + route("shop", "b.example")).deltas
    assert delta.key == SHOP.key
    assert served.route("shop").metadata.generation == 2
    labelled = route("shop", "b.example").replace(b"{name", b"{labels: {a: b}, name")
    assert len(served.step(a=route("cart") + labelled).deltas) == 1
    assert served.route("shop").metadata.generation == 2
    served.step(a=b"")
    served.step(a=route("shop"))
    assert served.route("shop").metadata.generation == 1


def test_a_bad_object_stays_as_it_was() -> None:
    served = Served()
    served.step(a=route("shop") + route("cart") + route("old"))
    step = served.step(a=BAD_SHOP + route("cart", "c.example"))
    assert served.names() == ["default/cart", "default/shop"]
    assert served.route("shop").spec.hostnames == ("a.example",)
    assert served.route("cart").spec.hostnames == ("c.example",)
    (problem,) = printed(step)
    assert problem.startswith(f"a.yaml:5: HTTPRoute default/shop: {BAD_LINE}: ")
    assert problem.endswith("; still serving the last good version of HTTPRoute default/shop")
    assert served.step(a=BAD_SHOP + route("cart", "c.example")).deltas == ()
    assert printed(served.step(a=route("shop", "b.example"))) == []
    assert served.route("shop").metadata.generation == 2


def test_a_bad_object_that_never_was_good_is_not_served() -> None:
    served = Served()
    (problem,) = printed(served.step(a=BAD_SHOP))
    assert served.names() == []
    assert "still serving" not in problem


def test_a_file_that_hides_what_it_holds_keeps_all_it_had() -> None:
    served = Served()
    served.step(a=route("shop") + route("cart") + route("old"))
    step = served.step(a=b"a: [\n---\n" + route("cart", "c.example"))
    assert served.names() == ["default/cart", "default/old", "default/shop"]
    assert served.route("cart").spec.hostnames == ("c.example",)
    (problem,) = printed(step)
    assert problem.startswith("a.yaml:2: not valid YAML: while parsing a flow node, did not find expected node content")
    assert problem.endswith("; still serving the last good version of HTTPRoute default/old and 1 more of this file")
    served.step(a=b"a: [\n")
    assert served.names() == ["default/cart", "default/old", "default/shop"]
    assert served.step(a=b"kind: HTTPRoute\n").deltas == ()
    assert printed(served.step(a=b"# empty\n")) == []
    assert served.names() == []


def test_one_object_in_two_files() -> None:
    served = Served()
    served.step(b=route("shop", "b.example"))
    step = served.step(a=b"# x\n" + route("shop", "a.example"))
    assert printed(step) == [
        "b.yaml:1: HTTPRoute default/shop: stands in a.yaml:2 too, and that one is served; one of the two must go"
    ]
    assert served.route("shop").spec.hostnames == ("a.example",)
    assert printed(served.step(a=Absence.GONE)) == []
    assert served.route("shop").spec.hostnames == ("b.example",)


def test_one_object_twice_in_a_file() -> None:
    step = Served().step(a=route("shop") + route("shop", "b.example"))
    assert printed(step) == [
        "a.yaml:7: HTTPRoute default/shop: stands in a.yaml:1 too, and that one is served; one of the two must go"
    ]


def test_a_missing_file_keeps_its_objects_but_yields_them() -> None:
    served = Served()
    served.step(a=route("shop") + route("cart"))
    assert served.step(a=Absence.MISSING).deltas == ()
    step = served.step(b=route("shop"))
    assert (step.deltas, step.problems) == ((), ())
    place = served.folder.place_of(SHOP)
    assert place is not None
    assert str(place) == "b.yaml:1"
    served.step(a=Absence.GONE)
    assert served.names() == ["default/shop"]
    served.step(b=Absence.MISSING)
    assert served.step(b=route("shop")).deltas == ()


def test_an_unreadable_file_keeps_its_objects() -> None:
    served = Served()
    served.step(a=route("shop"))
    step = served.step(a=UnreadableFile(reason="permission denied"), b=UnreadableFile(reason="is a pipe"))
    assert step.deltas == ()
    assert printed(step) == [
        "a.yaml:1: cannot be read: permission denied; still serving the last good version of HTTPRoute default/shop",
        "b.yaml:1: cannot be read: is a pipe",
    ]
    assert printed(served.step(a=route("shop"), b=Absence.GONE)) == []


def test_what_is_not_read_is_told_and_nothing_more() -> None:
    step = Served().step(a=b"apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n---\nx: 1\n")
    assert step.problems == ()
    assert [str(note) for note in step.ignored] == [
        "a.yaml:1: Deployment web of apps/v1 is not read",
        "a.yaml:5: a document without apiVersion, kind and metadata, which is no Kubernetes object, is not read",
    ]


def test_places_lead_to_lines() -> None:
    served = Served()
    served.step(a=route("cart") + route("shop"))
    place = served.folder.place_of(SHOP)
    assert place is not None
    assert place.line_of(BAD_LINE) == 11
    assert served.folder.place_of(Identity("HTTPRoute", ObjectKey("default", "none"))) is None


DOCUMENTS = (
    *(route(name, host, space) for name in "ab" for host in ("x.example", "y.example") for space in ("default", "n")),
    namespace("n", "red"),
    namespace("n", "blue"),
    gateway_class("gatewayd", "example.com/other"),
    b"apiVersion: apps/v1\nkind: Deployment\n---\n",
)
TEXTS = st.lists(st.sampled_from(DOCUMENTS), max_size=4).map(b"".join)
EDITS = st.dictionaries(
    st.sampled_from(["a.yaml", "b.yaml", "n/c.yaml"]), TEXTS | st.sampled_from(Absence), min_size=1, max_size=3
)


@settings(max_examples=100)
@given(st.lists(EDITS, max_size=6))
def test_any_edits_without_flaws_end_as_a_fresh_read(edits: list[Mapping[str, Contents]]) -> None:
    served, files = Served(), dict[str, bytes]()
    for edit in edits:
        step = served.step_all(edit)
        for file, contents in edit.items():
            if isinstance(contents, bytes):
                files[file] = contents
    final: dict[str, Contents] = dict.fromkeys(("a.yaml", "b.yaml", "n/c.yaml"), Absence.GONE)
    step = served.step_all(final | files)
    fresh = Served()
    assert fresh.step_all(files).problems == step.problems
    assert _without_generations(served) == _without_generations(fresh)


@settings(max_examples=100)
@given(st.lists(EDITS, max_size=4), st.sampled_from(["a.yaml", "b.yaml"]), st.integers(0, 400))
def test_a_cut_file_takes_nothing_away_unless_it_reads_well(
    edits: list[Mapping[str, Contents]], file: str, cut: int
) -> None:
    served = Served()
    for edit in edits:
        served.step_all(edit)
    before = set(served.objects)
    text = b"".join(DOCUMENTS)[:cut] + b"\n\x00"
    step = served.step_all({file: text})
    assert step.problems
    assert before <= set(served.objects)


def _without_generations(served: Served) -> dict[tuple[str, ObjectKey], KubernetesObject]:
    return {where: with_generation(obj, 0) for where, obj in served.objects.items()}
