from tests.unit.example import FILE, SHOP, translated


def test_a_report_counts_what_was_looked_at() -> None:
    report = translated(SHOP).report
    assert (report.findings, report.objects, report.files, report.others) == ((), 4, 1, ())


def test_findings_stand_in_the_order_of_the_file_and_once() -> None:
    text = SHOP.replace("{name: cart, port: 80, weight: 3}", "{name: crat, port: 80}").replace("/old", "old")
    findings = translated(text).findings
    assert [each.line for each in findings] == sorted(each.line for each in findings)
    assert len(set(findings)) == len(findings)
    assert {each.file for each in findings} == {FILE}


def test_what_was_meant_is_named() -> None:
    (finding,) = translated(SHOP.replace("{name: cart, port: 80, weight: 3}", "{name: crat, port: 80}")).findings
    assert finding.message.endswith('Service "default/crat" does not exist; did you mean "default/cart"?')


def test_a_secret_that_cannot_be_read_is_told_once() -> None:
    secret = "---\napiVersion: v1\nkind: Secret\nmetadata: {name: c}\ndata: {tls.crt: '-----BEGIN'}\n"
    listener = "{name: https, protocol: HTTPS, port: 8443, tls: {certificateRefs: [{name: c}]}}"
    text = SHOP.replace("port: 8080}", f"port: 8080}}\n  - {listener}") + secret
    (finding,) = translated(text).findings
    assert (finding.object, finding.reason) == ("Secret default/c", "InvalidField")
    assert finding.followers == ("Gateway default/web",)
