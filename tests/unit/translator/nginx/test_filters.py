from typing import Any

from gatewayd.translator.nginx.filters import joined


def headers(name: str) -> dict[str, Any]:
    return {"type": "RequestHeaderModifier", "requestHeaderModifier": {"set": [{"name": name, "value": "1"}]}}


def test_headers_follow_each_other() -> None:
    [only] = joined((headers("a"), headers("b")))
    assert [each["name"] for each in only["requestHeaderModifier"]["set"]] == ["a", "b"]


def test_a_rewrite_has_a_path_and_a_host() -> None:
    path = {"type": "ReplaceFullPath", "replaceFullPath": "/"}
    written = (
        {"type": "URLRewrite", "urlRewrite": {"path": path}},
        {"type": "URLRewrite", "urlRewrite": {"hostname": "a"}},
    )
    assert joined(written) == ({"type": "URLRewrite", "urlRewrite": {"path": path, "hostname": "a"}},)
