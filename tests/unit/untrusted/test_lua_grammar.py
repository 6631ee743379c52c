import pytest

from gatewayd.untrusted.lua_grammar import Parser, WrongError
from gatewayd.untrusted.lua_words import NoLua, words

IN_A_FUNCTION = "function envoy_on_request(h) {} end"
GOOD = (
    "",
    "h:headers():add('x', 'y')",
    "local a, b = 1, 2 a = b; a, b.c, d[1] = b, a",
    "for i = 1, 2 do break end for i = 3, 1, -1 do end",
    "for k, v in pairs(h:headers()) do h:logInfo(k .. v) end",
    "return h, 1;",
    "if a then b() elseif c then d{} else e'x' end",
    "local f = function(...) return ... end",
    "local function g(a, b, ...) return g end",
    "t = {1, 2; a = 3, [4] = 5, {}}",
    "a.b.c:d(1)[2] = 3",
    "repeat local x = 1 until x == 1 while true do end do end",
    "x = -1 ^ -2 .. 'a' == not #b",
    "x = [[a\nb]] -- c\ny = [=[ ]] ]=] --[[ long\n ]] z = 1 --[==[ ]] ]==]",
    r"""x = '\065\x41\z  a\
' .. "\"" """,
    "x = 0x1F + 1.5e-3 + .5 + 5. + 3E+2",
    "(a or b):c()",
    "function t.a.b:c(d, ...) end",
    "x = 'é' --[[ ü ]]",
)
BAD = (
    ("goto x", "goto where a name is needed"),
    ("a", "end where a call or an assignment is needed"),
    ("f() = 1", "= where a call or an assignment is needed"),
    ("(a) = 1", "= where a call or an assignment is needed"),
    ("a, f() = 1", "= where a call or an assignment is needed"),
    ("x =", "end where a name is needed"),
    ("break", "break outside of a loop"),
    ("while a do local f = function() break end end", "break outside of a loop"),
    (r"x = '\q'", "is no Lua"),
    (r"x = '\256'", "is no Lua"),
    ("x = 'a\nb'", "is no Lua"),
    ("x = 1..2", "is no Lua"),
    ("x = 3x", "is no Lua"),
    ("x = é", "is no Lua"),
    ("--[[ open", "- where a name is needed"),
    ("x = [[ open", "[ where a name is needed"),
    ("f\n(g)", "( on a line of its own: it is not clear whether this is a call"),
    ("f = function(a,) end", ") where a name is needed"),
    ("for a, b = 1, 2 do end", "= where in is needed"),
    ("return 1 x = 2", "x behind the end of a block"),
    ("x = ...", "... outside of a function with ..."),
    ("a.b:c = 1", "= where a string is needed"),
    ("x = h.__gc", "__gc is not allowed in a script"),
    ("io.open('/etc/passwd')", "io is not allowed in a script"),
    ("local pcall = 1", "pcall is not allowed in a script"),
    ("h:httpCall('c')", "httpCall is not allowed in a script"),
    ("x = {,}", ", where a name is needed"),
    ("end", "end where end of the text is needed"),
    (f"x = {'(' * 60}1{')' * 60}", "is nested more than 40 deep"),
    (f"x = {'{' * 60}{'}' * 60}", "is nested more than 40 deep"),
    (f"x = a{' .. a' * 60}", "has more than 40 operators in an expression"),
    (f"local {', '.join(f'a{n}' for n in range(130))}", "has more than 120 local variables and values in a function"),
    (f"f({', '.join('1' * 130)})", "has more than 120 local variables and values in a function"),
    (
        f"local {', '.join(f'a{n}' for n in range(60))} local f = function() end",
        "has more than 50 local variables and values around a function",
    ),
    ("x = 1 \0", "has a control character"),
    ("-- \r os.exit()", "has a control character"),
)


def wrong(body: str) -> str:
    read = words(IN_A_FUNCTION.replace("{}", body))
    if isinstance(read, NoLua):
        return read.why
    try:
        Parser(read).chunk()
    except WrongError as error:
        return error.wrong.why
    return ""


@pytest.mark.parametrize("body", GOOD)
def test_what_is_taken(body: str) -> None:
    assert wrong(body) == ""


@pytest.mark.parametrize(("body", "why"), BAD)
def test_what_is_not(body: str, why: str) -> None:
    assert wrong(body) == why
