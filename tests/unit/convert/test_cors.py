from typing import Any

from gatewayd.convert.cors import cors_filter
from gatewayd.convert.fates import Fate, Fidelity
from gatewayd.convert.fields import Fields


def filled(*origins: str, milliseconds: int | None = None, **written: Any) -> tuple[dict[str, Any], list[Fate]]:
    fates: list[Fate] = []
    filters = cors_filter(Fields(written, "", fates), origins, ["GET", "GET"], milliseconds)
    return dict(filters[0]["cors"]) if filters else {}, fates


def test_what_is_written_is_there_once() -> None:
    cors, fates = filled("https://a.example", milliseconds=61_500, allowHeaders=["x-a"], allowCredentials=True)
    assert cors == {
        "allowOrigins": ["https://a.example"],
        "allowCredentials": True,
        "allowMethods": ["GET"],
        "allowHeaders": ["x-a"],
        "maxAge": 61,
    }
    assert fates == []


def test_credentials_are_not_for_every_origin() -> None:
    cors, fates = filled("*", allowCredentials=True)
    assert "allowCredentials" not in cors
    assert [(each.path, each.fidelity) for each in fates] == [("allowCredentials", Fidelity.APPROXIMATE)]


def test_without_origins_there_is_no_filter() -> None:
    assert filled(exposeHeaders=["x-a"])[0] == {}
