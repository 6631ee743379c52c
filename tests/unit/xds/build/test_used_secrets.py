from dataclasses import replace

from gatewayd.ir.l4 import L4Refuse
from gatewayd.ir.proxy import FilterChain, L4Traffic, StreamListener
from gatewayd.ir.tls import Certificate, ClientTrust, ClientValidation, DownstreamTLS, PrivateBytes, TrustBundle
from gatewayd.xds import names
from gatewayd.xds.build.keyed_results import Replaced
from gatewayd.xds.build.used_secrets import UsedSecrets
from gatewayd.xds.messages.secret import Secret
from gatewayd.xds.resource import SECRET, Resource, resource

TLS = Certificate(name="shop/tls", chain=b"CHAIN", key=PrivateBytes(b"KEY"))
RENEWED = replace(TLS, chain=b"RENEWED")
ROOTS = TrustBundle(name="shop/ca", certificates=b"CA")


class Made:
    """Makes resources, and knows of which secrets."""

    def __init__(self) -> None:
        self.of: list[Secret] = []
        self.secrets = UsedSecrets(self.make)

    def make(self, of: Secret, earlier: Resource | None) -> Resource:
        self.of.append(of)
        made = resource(SECRET, names.secret(of), of.version.encode())
        return earlier if earlier == made else made

    def settled(self) -> list[tuple[str, str]]:
        """Return the versions of what went and came."""
        return [(_version(each.before), _version(each.after)) for each in self.secrets.settle()]


def _version(of: Resource | None) -> str:
    return "" if of is None else of.body.decode()


def chain(at: int, certificate: Certificate, client: ClientTrust | None = None) -> FilterChain:
    return FilterChain(
        name=f"chain-{at}",
        server_names=(f"h{at}.example",),
        tls=DownstreamTLS(certificates=(certificate,), alpn=(), client=client),
        traffic=L4Traffic(action=L4Refuse()),
    )


def listener(*chains: FilterChain) -> StreamListener:
    return StreamListener(port=443, inspect_tls=True, chains=chains)


def test_a_secret_is_there_as_long_as_somebody_refers_to_it() -> None:
    made = Made()
    made.secrets.replace((), (TLS, TLS))
    assert made.settled() == [("", TLS.version)]
    made.secrets.replace((TLS,), ())
    assert made.settled() == []
    made.secrets.replace((TLS,), ())
    assert made.settled() == [(TLS.version, "")]
    made.secrets.replace((), (TLS,))
    assert made.settled() == [("", TLS.version)]


def test_the_content_that_came_last_counts() -> None:
    made = Made()
    made.secrets.replace((), (TLS, TLS))
    made.settled()
    made.secrets.replace((TLS,), (RENEWED,))
    assert made.settled() == [(TLS.version, RENEWED.version)]
    made.secrets.replace((RENEWED,), ())
    assert made.settled() == [(RENEWED.version, TLS.version)]


def test_what_comes_back_before_it_is_missed_is_no_change() -> None:
    made = Made()
    made.secrets.replace((), (TLS,))
    made.settled()
    made.secrets.replace((TLS,), ())
    made.secrets.replace((), (TLS,))
    assert made.settled() == []


def test_a_renewed_certificate_of_one_listener_among_many_makes_one_resource() -> None:
    made = Made()
    certificates = [replace(TLS, name=f"shop/tls-{at}") for at in range(200)]
    before = [chain(at, each) for at, each in enumerate(certificates)]
    made.secrets.replace_listeners((), (listener(*before),))
    assert len(made.settled()) == 200
    made.of.clear()
    renewed = replace(certificates[17], chain=b"RENEWED")
    after = (*before[:17], chain(17, renewed), *before[18:])
    made.secrets.replace_listeners((listener(*before),), (listener(*after),))
    assert made.settled() == [(certificates[17].version, renewed.version)]
    assert made.of == [renewed]


def test_a_listener_that_goes_takes_its_secrets_with_it() -> None:
    made = Made()
    trusting = chain(0, TLS, ClientTrust(trust=ROOTS, validation=ClientValidation.REQUIRED))
    made.secrets.replace_listeners((), (listener(trusting),))
    assert len(made.settled()) == 2
    made.secrets.replace_listeners((listener(trusting),), ())
    assert made.settled() == [(TLS.version, ""), (ROOTS.version, "")]
    assert list(made.secrets.settle()) == list[Replaced[Resource]]()
