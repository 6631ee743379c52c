import importlib.util
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[3]


def made_files() -> dict[Path, str]:
    """Return what deploy/write.py would write; it is a program, so it is loaded by its path."""
    spec = importlib.util.spec_from_file_location("deploy_write", ROOT / "deploy" / "write.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return dict(module.files())


def test_what_is_checked_in_is_what_would_be_written() -> None:
    stale = [str(path) for path, text in made_files().items() if path.read_text(encoding="utf-8") != text]
    assert stale == [], "run: python deploy/write.py"


def test_no_template_is_left_of_an_object_that_is_gone() -> None:
    deploy = ROOT / "deploy"
    chart = deploy / "helm" / "gatewayd"
    found = {
        chart / "README.md",
        *(chart / "templates").glob("*.yaml"),
        *(chart / "crds").iterdir(),
        *(deploy / name for name in ("gatewayd.yaml", "crds.yaml")),
    }
    assert found == made_files().keys()


def test_it_can_be_read_back() -> None:
    documents = list(yaml.safe_load_all((ROOT / "deploy" / "gatewayd.yaml").read_text(encoding="utf-8")))
    assert len(documents) == 17
    assert all(document["kind"] and document["metadata"]["name"] for document in documents)
