from gatewayd.cli.view.columns import columns, counted, cut


def test_columns_are_aligned_and_harmless() -> None:
    assert columns(("A", "LONGER"), [("aaaa", "b"), ("\x1b[2J", "")]) == [
        "A        LONGER",
        "aaaa     b",
        r"\x1b[2J  -",
    ]


def test_a_line_is_cut() -> None:
    assert (cut("abcdef", 5), cut("abcde", 5), cut("abc", 1)) == ("ab...", "abcde", ".")


def test_a_number_has_its_noun() -> None:
    assert (counted(1, "file"), counted(0, "file"), counted(2, "file")) == ("1 file", "0 files", "2 files")
