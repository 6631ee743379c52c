import pytest

from gatewayd.translator.parameters.envoy_flags import FLAGS, flag_names, read_flags
from gatewayd.translator.parameters.readers import Wrong


def wrong(*arguments: object) -> str:
    read = read_flags(arguments)
    assert isinstance(read, Wrong), read
    assert read.why.isprintable()
    return read.why


def test_flag_and_value_come_apart_however_they_are_written() -> None:
    assert read_flags(["--log-level", "debug"]) == ("--log-level", "debug")
    assert read_flags(["--log-level=debug"]) == ("--log-level", "debug")
    assert read_flags(["--skip-deprecated-logs", "--service-zone", "a-1"]) == (
        "--skip-deprecated-logs",
        "--service-zone",
        "a-1",
    )
    assert read_flags([]) == ()


@pytest.mark.parametrize(
    "argument",
    [
        "-c",
        "-c/etc/other.json",
        "-c /etc/other.json",
        "-l",
        "-ldebug",
        "--config-yaml {admin: {}}",
        "--config-yaml",
        "--config-path",
        "--admin-address-path",
        "--log-path",
        "--mode",
        "--service-node",
        "--concurrency",
        "--drain-time-s",
        "--drain-strategy",
        "--disable-extensions",
        "--enable-core-dump",
        "--base-id",
        "--help",
        "--version",
        "--",
        "-",
        "",
        " --log-level",
        "--log-level ",
        "--log-level debug",
        "--log-level\tdebug",
        "--log-level\ndebug",
        "--log-level\u00a0debug",
        "--LOG-LEVEL",
        "--log-leve",
        "--log-level:debug",
        "log-level",
        "debug",
        "\u2010\u2010log-level",
    ],
)
def test_only_exact_names_of_the_table_are_flags(argument: str) -> None:
    why = wrong(argument, "debug")
    assert why.startswith("[0]: ")
    assert why.endswith(f" is not allowed; allowed: {', '.join(FLAGS)}")


@pytest.mark.parametrize("name", sorted(FLAGS))
@pytest.mark.parametrize(
    "value",
    [
        "",
        " ",
        "--config-path",
        "-c/x",
        "debug --config-path /x",
        "debug\n",
        "$(POD_NAME)",
        "a b",
        "x=y z",
        "'",
        '"',
        "\0",
    ],
)
def test_no_value_holds_what_could_be_split_or_expanded(name: str, value: str) -> None:
    assert isinstance(read_flags([f"{name}={value}"]), Wrong)
    assert isinstance(read_flags([name, value]), Wrong)


def test_what_is_wrong_names_the_item_and_what_is_allowed() -> None:
    levels = "trace, debug, info, warning, warn, error, critical, off"
    assert wrong("--log-level") == f"[0]: --log-level has no value; allowed: {levels}"
    assert wrong("--log-level", "loud") == f'[1]: "loud" is no value of --log-level; allowed: {levels}'
    assert wrong("--skip-deprecated-logs", "--log-level=") == f'[1]: "" is no value of --log-level; allowed: {levels}'
    assert wrong("--skip-deprecated-logs=yes") == "[0]: --skip-deprecated-logs takes no value; leave it out"
    assert wrong("--log-level", 1) == "[1]: not a string; put it in quotes"
    assert wrong(None) == "[0]: not a string; put it in quotes"


def test_a_flag_is_given_once_but_for_those_that_may_be_repeated() -> None:
    assert wrong("--log-level", "debug", "--log-level=info") == "[2]: --log-level is given twice; once is allowed"
    assert read_flags(["--stats-tag", "a:b", "--stats-tag=c:d"]) == ("--stats-tag", "a:b", "--stats-tag", "c:d")


def test_what_envoy_does_not_start_with_is_refused() -> None:
    why = wrong("--enable-fine-grain-logging", "--component-log-level", "upstream:debug")
    assert why == "--component-log-level and --enable-fine-grain-logging; one of them is allowed"


def test_flags_are_told_from_values() -> None:
    read = read_flags(["--log-level=debug", "--skip-deprecated-logs", "--stats-tag", "a:b"])
    assert not isinstance(read, Wrong)
    assert flag_names(read) == ("--log-level", "--skip-deprecated-logs", "--stats-tag")
