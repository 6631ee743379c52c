from gatewayd.explain.findings import Finding
from gatewayd.explain.folding import folded, missing_object, waiting_words
from gatewayd.ir.conditions import Severity


def told(of: str, message: str = "spec: bad") -> Finding:
    return Finding(file="a.yaml", line=1, severity=Severity.ERROR, object=of, reason="Invalid", message=message)


def test_what_is_missing() -> None:
    assert missing_object('spec.x: Secret "shop/cert" does not exist') == "Secret shop/cert"
    assert missing_object('spec.x: Secret "shop/cert" is not valid') is None


def test_what_follows_is_folded_into_its_cause() -> None:
    cause, one, two = told("Gateway a/web"), told("HTTPRoute a/b"), told("HTTPRoute a/c")
    (finding,) = folded((one, cause, two), {one: "Gateway a/web", two: "Gateway a/web"})
    assert finding.followers == ("HTTPRoute a/b", "HTTPRoute a/c")
    assert waiting_words(finding) == "and 2 objects wait for it: HTTPRoute a/b, HTTPRoute a/c"


def test_what_has_no_cause_that_is_told_stays() -> None:
    finding = told("HTTPRoute a/b")
    assert folded((finding,), {finding: "Gateway a/web"}) == (finding,)
    assert waiting_words(finding) == ""
