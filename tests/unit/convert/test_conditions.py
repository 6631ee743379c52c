import pytest

from gatewayd.convert.conditions import PrefixForm, at_one_label, check_expression, prefix_path
from gatewayd.convert.fates import Fate, Fidelity
from gatewayd.convert.fields import Fields
from gatewayd.ir.http import PathMatch, PrefixPath, RegexPath


@pytest.mark.parametrize(
    ("prefix", "form", "path", "fidelity"),
    [
        ("/", PrefixForm.LETTERS, PrefixPath(value="/"), None),
        ("", PrefixForm.SEGMENTS, PrefixPath(value="/"), None),
        ("/a", PrefixForm.PATH_PREFIX, PrefixPath(value="/a"), Fidelity.APPROXIMATE),
        ("/a/", PrefixForm.SEGMENTS, RegexPath(pattern="/a(/.*)?"), Fidelity.APPROXIMATE),
        ("/a.b", PrefixForm.LETTERS, RegexPath(pattern=r"/a\.b.*"), Fidelity.EXACT),
    ],
)
def test_prefixes(prefix: str, form: PrefixForm, path: PathMatch, fidelity: Fidelity | None) -> None:
    fates: list[Fate] = []
    assert prefix_path(Fields({"prefix": prefix}, "", fates), prefix, form) == path
    assert [each.fidelity for each in fates] == ([fidelity] if fidelity is not None else [])


@pytest.mark.parametrize(("pattern", "is_had"), [("/a.*", True), ("(?=a)", False)])
def test_an_expression_that_cannot_be_had_may_have_kept_somebody_out(pattern: str, *, is_had: bool) -> None:
    fates: list[Fate] = []
    assert check_expression(Fields({"regex": pattern}, "", fates), "regex", pattern) is is_had
    assert [each.opens for each in fates] == ([] if is_had else [True])


def test_a_wildcard_is_narrowed_to_one_label() -> None:
    other = {"type": "Exact", "name": "env", "value": "a"}
    assert at_one_label(({},), "a.example") == ({},)
    [match] = at_one_label(({"headers": [other]},), "*.example")
    assert [each["name"] for each in match["headers"]] == ["env", "Host"]
