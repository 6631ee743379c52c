import pytest

from gatewayd.untrusted.lua_words import END, NAME, NUMBER, STRING, NoLua, words


def test_words_with_their_kinds_and_lines() -> None:
    found = words("if a1 then -- c\n  b = 'x' .. [[\n]] --[=[ ]]\n]=] ~= 0x1f end")
    assert not isinstance(found, NoLua)
    assert [(each.kind, each.line) for each in found] == [
        ("if", 1),
        (NAME, 1),
        ("then", 1),
        (NAME, 2),
        ("=", 2),
        (STRING, 2),
        ("..", 2),
        (STRING, 2),
        ("~=", 4),
        (NUMBER, 4),
        ("end", 4),
        (END, 4),
    ]


@pytest.mark.parametrize("text", [r"'\x41\065\z  a\n\''", '"\\\n"', "[==[ ]] ]==]", "''"])
def test_strings(text: str) -> None:
    found = words(text)
    assert not isinstance(found, NoLua)
    assert [each.kind for each in found] == [STRING, END]


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ("a\n$", 2, "is no Lua"),
        ("a = 'b", 1, "is no Lua"),
        (r"'\400'", 1, "is no Lua"),
        (r"'\x4'", 1, "is no Lua"),
        ("1e", 1, "is no Lua"),
        ("a\n\0", 2, "has a control character"),
        ("-- a\rb", 1, "has a control character"),
        ("\ufeffa", 1, "is no Lua"),
    ],
)
def test_texts_that_have_none(text: str, line: int, why: str) -> None:
    assert words(text) == NoLua(line=line, why=why)
