import json

from gatewayd.cli.view.json_shapes import board_json, report_json, status_json
from gatewayd.explain.findings import Finding
from gatewayd.explain.unread_objects import Others
from gatewayd.ir.conditions import Severity
from gatewayd.offline.findings import Report
from tests.unit.introspection.statuses import BOARD, NODES, STATUS


def test_a_board() -> None:
    value = json.loads(json.dumps(board_json(BOARD)))

    assert value["gateways"] == [
        {
            "name": "default/web",
            "listeners": ["http :8080"],
            "address": "127.0.0.1",
            "accepted": {"status": "True", "reason": "Accepted"},
            "programmed": {"status": "False", "reason": "Invalid: no"},
            "ackedAt": "12:00:00",
        }
    ]
    assert [each["acked"] for each in value["routes"]] == [{"proxies": 1, "of": 2, "milliseconds": 1.5}, None]
    assert value["problems"] == [{"file": "a.yaml", "line": 3, "message": "bad"}]
    assert value["notices"] == ["up"]


def test_a_status_is_a_board_with_proxies() -> None:
    value = json.loads(json.dumps(status_json(STATUS, ())))

    assert set(board_json(BOARD)) < set(value)
    assert value["snapshots"] == {"default/web": "abc"}
    assert value["proxies"][0]["types"][0] == {
        "type": "CDS",
        "resources": 2,
        "pending": ["a"],
        "rejections": [{"names": ["b"], "message": "[red]no"}],
    }


def test_nodes_of_a_mesh() -> None:
    connected, away = status_json(STATUS, NODES)["nodes"]

    assert away == {"node": "worker-2", "proxy": "node-b", "connected": False, "synced": False, "behind": []}
    assert (connected["node"], connected["proxy"], connected["connected"]) == ("worker-1", "node-a", True)
    assert connected["synced"] is False
    assert [(each["type"], each["pending"]) for each in connected["behind"]] == [("RDS", ["15001/10.96.0.10:80"])]


def test_findings() -> None:
    finding = Finding(file="a", line=1, severity=Severity.ERROR, object="Gateway a/b", reason="Invalid", message="no")

    report = Report(findings=(finding,), objects=3, files=2, others=(Others("Pod", 1),))

    assert report_json(report) == {
        "findings": [
            {
                "file": "a",
                "line": 1,
                "severity": "error",
                "object": "Gateway a/b",
                "reason": "Invalid",
                "message": "no",
                "followers": [],
            }
        ],
        "objects": 3,
        "files": 2,
        "notRead": {"Pod": 1},
    }
