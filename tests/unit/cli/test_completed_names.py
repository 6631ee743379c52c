import os
import subprocess
import sys
from pathlib import Path

import pytest

NAMED = """
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: cart}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: pay, namespace: shop}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: web}
"""


@pytest.mark.parametrize(
    ("words", "candidates"),
    [
        ("why httproute/", {"httproute/cart", "httproute/shop/pay"}),
        ("proxy routes we", {"web"}),
        ("logs --route httproute/s", {"httproute/shop/pay"}),
        ("status ga", {"gateway/web"}),
        ("why --cluster httproute/", set()),
    ],
)
def test_without_a_run_names_are_those_of_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: str, candidates: set[str]
) -> None:
    (tmp_path / "gateway").mkdir()
    (tmp_path / "gateway" / "shop.yaml").write_text(NAMED)
    (tmp_path / "gateway" / "broken.yaml").write_text("kind: [")
    monkeypatch.chdir(tmp_path)
    asked = f"gatewayd {words}"
    variables = {"COMP_WORDS": asked, "COMP_CWORD": str(len(asked.split()) - 1)}
    # No run of anybody's is to be seen.
    place = {"_GATEWAYD_COMPLETE": "complete_bash", "XDG_RUNTIME_DIR": str(tmp_path), "TMPDIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-m", "gatewayd"], capture_output=True, check=True, env={**os.environ, **variables, **place}
    )
    assert set(done.stdout.decode().split()) == candidates
