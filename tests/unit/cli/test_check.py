import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.unit.cli.command import Gatewayd
from tests.unit.example import SHOP

BROKEN = SHOP.replace("{name: cart, port: 80, weight: 3}", "{name: none, port: 80, weight: 3}")


def test_all_is_well(gatewayd: Gatewayd, shop: Path) -> None:
    ran = gatewayd("check", shop)

    assert (ran.code, ran.out) == (0, "4 objects in 1 file: all is well\n")


def test_errors_stand_at_their_lines(gatewayd: Gatewayd, shop: Path) -> None:
    (shop / "shop.yaml").write_text(BROKEN)

    ran = gatewayd("check", shop)

    assert ran.code == 1
    assert ran.out == (
        f"{shop}/shop.yaml:19: error: HTTPRoute default/shop: "
        'spec.rules[0].backendRefs[0]: Service "default/none" does not exist [BackendNotFound]\n'
        "4 objects in 1 file: 1 error, 0 warnings\n"
    )


WEIGHTLESS = SHOP.replace("weight: 3", "weight: 0").replace("weight: 1", "weight: 0")
TYPO = SHOP.replace("backendRefs", "backendRef")
DEPLOYMENT = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\n"


@pytest.mark.parametrize(
    ("text", "options", "code"),
    [
        (WEIGHTLESS, (), 0),
        (WEIGHTLESS, ("--fail-on", "error"), 0),
        (WEIGHTLESS, ("--strict",), 1),
        (WEIGHTLESS, ("--fail-on", "warning"), 1),
        (SHOP, ("--strict",), 0),
        (TYPO, (), 1),
    ],
)
def test_warnings_fail_where_that_is_asked_for(
    gatewayd: Gatewayd, shop: Path, text: str, options: tuple[str, ...], code: int
) -> None:
    (shop / "shop.yaml").write_text(text)

    ran = gatewayd("check", shop, *options)

    assert ran.code == code


def test_what_is_for_others_is_counted_in_a_line(gatewayd: Gatewayd, shop: Path) -> None:
    (shop / "other.yaml").write_text(f"{DEPLOYMENT}---\n{DEPLOYMENT}")

    ran = gatewayd("check", "--strict", shop)

    assert ran.code == 0
    assert ran.out == "not read: 2 Deployments\n6 objects in 2 files: all is well\n"


def test_paths_can_be_left_out(gatewayd: Gatewayd, shop: Path) -> None:
    (shop / "old").mkdir()
    (shop / "old" / "shop.yaml").write_text(TYPO)
    (shop / "draft.tpl.yaml").write_text("{{ .Values }}: [")

    assert gatewayd("check", shop).code == 1
    ran = gatewayd("check", shop, "--exclude", "old", "--exclude", "*.tpl.yaml")
    assert (ran.code, ran.out) == (0, "4 objects in 1 file: all is well\n")


def test_a_helm_chart_is_no_folder_of_manifests(gatewayd: Gatewayd, shop: Path) -> None:
    templates = shop / "charts" / "web" / "templates"
    templates.mkdir(parents=True)
    (templates.parent / "Chart.yaml").write_text("apiVersion: v2\nname: web\n")
    (templates / "a.yaml").write_text("{{ if .Values.a }}\n")

    assert gatewayd("check", shop).code == 0


def test_an_empty_folder_is_told(gatewayd: Gatewayd, tmp_path: Path) -> None:
    ran = gatewayd("check", tmp_path)

    assert ran.out == (
        f"{tmp_path}: warning: holds no .yaml, .yml or .json file [NothingToRead]\n"
        "0 objects in 0 files: 0 errors, 1 warning\n"
    )


def test_a_field_of_newer_crds_may_pass(gatewayd: Gatewayd, shop: Path) -> None:
    (shop / "shop.yaml").write_text(SHOP.replace("gatewayClassName", "wormhole: true\n  gatewayClassName"))

    assert gatewayd("check", shop).code == 1
    assert gatewayd("check", shop, "--newer-crds").code == 0


def test_a_kustomization_is_built_first(
    gatewayd: Gatewayd, shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    binary = tmp_path / "bin" / "kustomize"
    binary.parent.mkdir()
    binary.write_text('#!/bin/sh\ntest "$1" = build && exec cat "$2/shop.yaml"\n')
    binary.chmod(0o755)
    monkeypatch.setenv("PATH", f"{binary.parent}:/usr/bin:/bin")

    assert gatewayd("check", "-k", shop).out == "4 objects in 1 file: all is well\n"

    monkeypatch.setenv("PATH", str(tmp_path))
    ran = gatewayd("check", "-k", shop)
    assert (ran.code, ran.err) == (
        3,
        "gatewayd: -k: neither kustomize nor kubectl is on the PATH; one of them builds the folder\n",
    )


def test_nothing_to_check(gatewayd: Gatewayd) -> None:
    assert gatewayd("check").code == 1


def test_sarif(gatewayd: Gatewayd, shop: Path) -> None:
    (shop / "shop.yaml").write_text(BROKEN)

    (run,) = json.loads(gatewayd("check", "-o", "sarif", shop).out)["runs"]

    (result,) = run["results"]
    assert (result["ruleId"], result["level"]) == ("BackendNotFound", "error")
    assert result["locations"][0]["physicalLocation"]["region"] == {"startLine": 19}
    assert [each["id"] for each in run["tool"]["driver"]["rules"]] == ["BackendNotFound"]


def test_junit(gatewayd: Gatewayd, shop: Path) -> None:
    (shop / "shop.yaml").write_text(BROKEN)

    suite = ET.fromstring(gatewayd("check", "-o", "junit", shop).out)  # noqa: S314 (our own)

    assert (suite.get("tests"), suite.get("failures")) == ("1", "1")
    (case,) = suite
    assert case.get("classname") == f"{shop}/shop.yaml"
    assert [each.tag for each in case] == ["failure"]


def test_junit_has_a_case_that_passes(gatewayd: Gatewayd, shop: Path) -> None:
    suite = ET.fromstring(gatewayd("check", "-o", "junit", shop).out)  # noqa: S314 (our own)

    assert (suite.get("tests"), suite.get("failures"), len(suite[0])) == ("1", "0", 0)


def test_annotations_for_github(gatewayd: Gatewayd, shop: Path) -> None:
    (shop / "shop.yaml").write_text(BROKEN)

    ran = gatewayd("check", "--github", shop)

    assert ran.out.startswith(
        f"::error file={shop}/shop.yaml,line=19,title=gatewayd BackendNotFound::HTTPRoute default/shop: spec.rules"
    )


def test_json(gatewayd: Gatewayd, shop: Path) -> None:
    (shop / "shop.yaml").write_text(BROKEN)

    (finding,) = json.loads(gatewayd("check", "-o", "json", shop).out)["findings"]

    assert (finding["line"], finding["severity"], finding["reason"]) == (19, "error", "BackendNotFound")


def test_without_an_envoy_there_is_no_asking_it(gatewayd: Gatewayd, shop: Path, tmp_path: Path) -> None:
    ran = gatewayd("check", "--envoy", "--envoy-path", tmp_path / "none", shop)

    assert ran.code == 3
    assert "there is no such file" in ran.err
