from gatewayd.cli.view.conversion_lines import conversion_lines
from tests.unit.convert.ingresses import converted, ingress

DONE = converted(ingress(app_root="/a", proxy_body_size="8m"))


def test_what_is_exact_is_counted_and_not_shown() -> None:
    [line, counts] = conversion_lines(DONE, whole=False)
    assert line.startswith("a.yaml:8: approximate: Ingress shop/shop: metadata.annotations")
    assert counts == "3 objects written; fields: 1 exact, 1 approximate, 0 manual, 0 lost"


def test_all_of_it() -> None:
    assert len(list(conversion_lines(DONE, whole=True))) == 3
