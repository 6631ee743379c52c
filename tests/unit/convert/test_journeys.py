from gatewayd.convert.journeys import Ending, Probe, ToBackends, ToURL, WithStatus, ending, shares

PROBE = Probe(scheme="http", host="shop.example", path="/a")


def test_redirects_are_followed_at_the_same_host() -> None:
    def answer(probe: Probe) -> Ending:
        return WithStatus(status=404) if probe.scheme == "https" else ToURL(location="https://shop.example/b")

    assert ending(PROBE, answer) == WithStatus(status=404)


def test_a_redirect_to_another_host_is_an_end() -> None:
    where = ToURL(location="https://other.example/a")
    assert ending(PROBE, lambda _: where) == where


def test_a_redirect_that_leads_to_itself_ends() -> None:
    where = ToURL(location="http://shop.example/a")
    assert ending(PROBE, lambda _: where) == where
    longer = ending(PROBE, lambda probe: ToURL(location=f"http://shop.example{probe.path}x"))
    assert longer == ToURL(location="http://shop.example/axxxxxx")


def test_what_is_not_known_stays_unknown() -> None:
    assert ending(PROBE, lambda _: None) is None


def test_shares_are_parts_of_a_thousand() -> None:
    assert shares({"b": 1, "a": 3, "c": 0}) == (("a", 750), ("b", 250))


def test_what_people_read() -> None:
    probe = Probe(scheme="http", host="a.example", path="/b", headers=(("env", "x"),))
    assert str(probe) == "http://a.example/b with env: x"
    assert str(ToBackends(shares=(("shop/a", 905), ("shop/b", 95)), path="/x")) == (
        "shop/a (90.5 %) or shop/b (9.5 %) with the path /x"
    )
    assert (str(WithStatus(status=404)), str(ToURL(location="/"))) == ("404", "a redirect to /")
