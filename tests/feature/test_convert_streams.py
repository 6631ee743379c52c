"""What `gatewayd convert` makes of connections that are led on: the example of docs/convert.md with a real Envoy."""

import pytest
import yaml

from gatewayd.convert.conversion import conversion
from gatewayd.convert.draft import GatewayTarget
from gatewayd.manifests.documents import parse_file
from tests.feature.harness.echo import tcp_backend
from tests.feature.harness.l4 import CLOSED, greeting
from tests.feature.harness.manifests import service
from tests.feature.harness.pki import authority, serving
from tests.feature.harness.world import World
from tests.feature.test_convert import PAGE

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

CA = authority()
NAMES = ("db", "mail")


def example() -> str:
    text = PAGE.read_text(encoding="utf-8").partition("\n## Connections\n")[2]
    return text.partition("```yaml\n")[2].partition("```")[0]


async def test_connections_go_where_they_went(world: World) -> None:
    text = example().replace("9000", str(world.port("tcp"))).replace("5432", "80").replace("993", "80")
    target = GatewayTarget(
        namespace="infra",
        name="edge",
        class_name="gatewayd",
        http_port=world.port("http"),
        https_port=world.port("https"),
    )
    done = conversion(parse_file("streams.yaml", text.encode()).documents, target, open_all=False)
    assert not done.is_lossy
    async with (
        tcp_backend("one") as one,
        tcp_backend("db", tls=serving(CA.issue("db.example"))) as db,
        tcp_backend("mail", tls=serving(CA.issue("mail.example"))) as mail,
    ):
        backends = {"one": one, "db": db, "mail": mail}
        await world.apply(
            *(service(name, backend.port) for name, backend in backends.items()),
            *(yaml.safe_dump(each) for each in done.objects),
        )
        for name in NAMES:
            host = f"{name}.example"
            assert await greeting(world.port("https"), tls=CA.trusting(), server_name=host) == name
        assert await greeting(world.port("https"), tls=CA.trusting(), server_name="other.example") == CLOSED
        assert await greeting(world.port("tcp")) == "one"
