"""What a hop adds is what rounds beside each other differ by; who opens a connection that is kept is left out."""

from bench.mesh_hop import Round, figures, table, times_of

LINES = ["0\t5000\ta\tshop\t/\t200", "0\t7000\ta\tshop\t/\t200", "0\t9000\tb\tshop\t/\t200"]


def rounds(*times: float, cpu: float = 0.0) -> list[Round]:
    return [Round(times=(each,) * 100, cpu=cpu, wrong=0) for each in times]


def test_the_first_request_of_a_connection_waits_for_that() -> None:
    assert list(times_of(LINES, is_kept=True)) == [7.0]
    assert list(times_of(LINES, is_kept=False)) == [5.0, 7.0, 9.0]


def test_what_disturbs_a_round_disturbs_the_one_beside_it() -> None:
    found = figures(rounds(100, 900, 110, cpu=1.0), rounds(150, 950, 160, cpu=41.0))
    assert found["added_us_p50"] == found["added_us_p99"] == 50.0
    assert (found["plain_us_p50"], found["mesh_us_p50"], found["envoy_cpu_us"]) == (110.0, 160.0, 40.0)


def test_the_packet_filter_has_the_table_of_an_agent() -> None:
    assert '"to-15001-ip"' in table()
