from collections.abc import Mapping
from dataclasses import replace

from msgspec import structs

from gatewayd.ir.carriers import PolicyCarrier, PolicyGeneration
from gatewayd.ir.outcome import NO_FLEET, RefusedSecret, Rejection, Vouched
from gatewayd.kube.fleet_budget import Share
from gatewayd.kube.fleet_merge import merged, vouched
from gatewayd.xds.resource import CLUSTER, LISTENER, resource, snapshot
from tests.unit.kube.fleet_shorthand import BAD, DECLARED, GATEWAY, GENERATIONS, published, report, share, standing


def test_a_share_names_the_versions_that_it_speaks_of() -> None:
    now = published()
    told = share(report(2, "tcp-80", "gone", rejections=(BAD,)), now)
    assert told.connected == 2
    assert told.acked == {"tcp-80": now.of(LISTENER)["tcp-80"].version}
    assert told.refused == {"no such thing": ((CLUSTER, "c", now.of(CLUSTER)["c"].version),)}
    assert share(report(2, "tcp-80"), None) == Share(connected=2)


def test_all_replicas_together() -> None:
    now = published()
    shares = [share(report(2, "tcp-80", rejections=(BAD,)), now), share(report(3, "tcp-81"), now)]
    assert merged(shares, now) == report(5, "tcp-80", "tcp-81", rejections=(BAD,))
    assert merged([], now) == NO_FLEET


def test_what_is_told_and_merged_comes_in_order_whoever_says_it_first() -> None:
    names = [f"tcp-{at}" for at in (84, 81, 83, 80, 82)]
    items = [resource(LISTENER, name, b"x") for name in names] + [resource(CLUSTER, name, b"x") for name in names]
    now = snapshot(GATEWAY, items)
    told = share(report(1, *names), now)
    assert list(told.acked) == sorted(names)
    refusing = [
        share(report(1, rejections=(Rejection(type_url=url, names=(name,), message=message),)), now)
        for url in (LISTENER, CLUSTER)
        for message in ("zz", "aa")
        for name in names
    ]
    assert merged(refusing, now).rejections == tuple(
        Rejection(type_url=url, names=tuple(sorted(names)), message=message)
        for url in sorted((LISTENER, CLUSTER))
        for message in ("aa", "zz")
    )


def test_what_is_said_of_another_version_says_nothing_of_ours() -> None:
    shares = [share(report(2, "tcp-80", "tcp-81", rejections=(BAD,)), published(listener=b"old", cluster=b"old"))]
    assert merged(shares, published()) == report(2, "tcp-81")


def test_a_listener_that_we_have_not_or_no_more_is_nothing_to_us() -> None:
    """Another replica heard later that it is gone, or sooner that it is there."""
    now = published()
    told = share(report(2, "tcp-80"), now)
    other = structs.replace(told, acked={**told.acked, "gone": "v"})
    assert merged([other], now) == report(2, "tcp-80")


def test_one_refusal_heard_from_two_replicas_is_one() -> None:
    now = published()
    shares = [share(report(1, rejections=(BAD,)), now)] * 2
    assert merged(shares, now).rejections == (BAD,)


def test_what_stands_refused_is_counted_over_all_replicas_whatever_version_it_has() -> None:
    told = share(report(3, standing=standing(2, 3)), published(cluster=b"old"))
    assert told.standing == {"no such thing": ((CLUSTER, "c", 2),)}
    other = share(report(1, standing=standing(1, 1, message="in other words")), published())
    shares = [told, other, share(report(36), published())]
    # The words are the same in all replicas, whichever of them says it first.
    merged_standing = standing(3, 40, message="in other words")
    assert merged(shares, published()).standing == merged(shares[::-1], published()).standing == merged_standing


def test_what_is_published_no_more_stands_for_nothing() -> None:
    assert merged([share(report(1, standing=standing(1, 1, "gone")), published())], published()) == report(1)


def test_what_lingers_counts_where_nobody_tells_of_it() -> None:
    now, lingering = published(), standing(2, 2)
    assert merged([share(report(1), now)], now, lingering=lingering) == report(1, standing=lingering)
    telling = share(report(1, standing=standing(1, 1)), now)
    assert merged([telling], now, lingering=lingering) == report(1, standing=standing(1, 1))


def test_refused_certificates_are_told_whatever_is_published_now() -> None:
    odd = tuple(RefusedSecret(version=version, message="Failed to load") for version in ("a", "b"))
    shares = [share(replace(report(1), refused_secrets=(each,)), published()) for each in odd]
    assert shares[0].secrets == {"Failed to load": ("a",)}
    assert merged(shares, published(listener=b"newer")).refused_secrets == odd
    assert merged(shares, None) == replace(report(2), refused_secrets=odd)
    # The same version in other words, as another replica shortens them, is told once.
    other = share(replace(report(1), refused_secrets=(replace(odd[0], message="Words"),)), published())
    assert merged([other, *shares], None) == merged([*shares, other], None)
    assert [each.version for each in merged([other, *shares], None).refused_secrets] == ["a", "b"]
    words = [replace(odd[0], version=version, message=message) for version, message in (("z", "aa"), ("b", "zz"))]
    both = merged([share(replace(report(1), refused_secrets=tuple(words)), None)], None)
    assert [each.version for each in both.refused_secrets] == ["b", "z"]


def test_without_a_snapshot_only_streams_are_counted() -> None:
    shares = [share(report(2, "tcp-80", rejections=(BAD,)), published())]
    assert merged(shares, None) == report(2)


def test_a_replica_vouches_for_what_its_envoys_have_of_generations_that_it_names() -> None:
    told = share(report(2, "tcp-80"), published(), DECLARED)
    assert vouched(told) == Vouched(listeners=frozenset({"tcp-80"}), generations=GENERATIONS)
    assert vouched(share(report(2), published(), DECLARED)) is None
    assert vouched(share(report(2, "tcp-80"), published())) is None


def test_what_others_vouch_for_stands_beside_what_we_compare() -> None:
    word = Vouched(listeners=frozenset({"tcp-80"}), generations=GENERATIONS)
    together = merged([share(report(1, "tcp-81"), published())], published(), (word,))
    assert together == replace(report(1, "tcp-81"), vouched=(word,))
    assert merged([], None, (word,)) == NO_FLEET


def of_policies(connected: int, policies: Mapping[str, int] | None) -> Share:
    return share(replace(report(connected), policies=policies), WANTING)


WANTING = replace(
    published(),
    policies=(PolicyGeneration(PolicyCarrier.BACKENDS, "b", 7), PolicyGeneration(PolicyCarrier.ROUTES, "a", 3)),
)
BOTH = {"b": 7, "a": 3}


def test_policies_are_held_when_the_proxies_of_all_replicas_have_them() -> None:
    assert merged([of_policies(1, BOTH), of_policies(2, BOTH)], WANTING).policies == BOTH
    assert merged([of_policies(1, BOTH), of_policies(2, {"a": 2, "b": 7})], WANTING).policies == {"b": 7}
    assert merged([of_policies(1, BOTH), of_policies(2, {})], WANTING).policies == {}
    # What a replica has read that we have not is ours and more; what it has and we do not want is nobody's concern.
    assert merged([of_policies(1, {"a": 4, "b": 7, "gone": 1})], WANTING).policies == BOTH


def test_a_replica_whose_proxies_have_just_come_says_nothing_of_policies() -> None:
    assert of_policies(1, None).policies is None
    assert merged([of_policies(1, BOTH), of_policies(2, None)], WANTING).policies == BOTH
    assert merged([of_policies(2, None)], WANTING).policies is None
    assert merged([of_policies(2, BOTH)], None).policies is None


def test_what_was_told_a_moment_ago_counts_until_somebody_else_tells() -> None:
    gone = of_policies(0, BOTH)
    assert merged([gone], WANTING).policies == BOTH
    assert merged([gone, of_policies(1, None)], WANTING).policies == BOTH
    assert merged([gone, of_policies(1, {"a": 3, "b": 6})], WANTING).policies == {"a": 3}
