"""The grammar of Lua 5.1 without `goto`, read to know whether LuaJIT takes a text: nothing is made of it.

LuaJIT has room for so many variables and values in a function. What is read here has fewer, counted so that each may
be one. https://www.lua.org/manual/5.1/manual.html#8
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from gatewayd.ir import scripts
from gatewayd.untrusted.lua_words import END, NAME, NUMBER, STRING, NoLua, Word

_DEEPEST: Final = 40
"""Blocks and expressions within each other; LuaJIT has 200."""
_SLOTS: Final = 120
"""Local variables of a function and values on their way to a call; LuaJIT has 250."""
_OUTER: Final = 50
"""Local variables around a function, of which LuaJIT has 60 in it."""
_OF_A_LOOP: Final = 3
"""Variables that a `for` has beside those that it names."""
_SHOWN: Final = 40
"""Characters of a word that are said."""

_ENDS: Final = frozenset({END, "end", "else", "elseif", "until"})
_UNARY: Final = frozenset({"not", "-", "#"})
_BINARY: Final = frozenset({"+", "-", "*", "/", "%", "^", "..", "==", "~=", "<", "<=", ">", ">=", "and", "or"})
_KINDS: Final[Mapping[str, str]] = MappingProxyType({NAME: "a name", STRING: "a string"})
_CONSTANTS: Final = frozenset({"nil", "false", "true", NUMBER, STRING})


class WrongError(Exception):
    """What is wrong with a text: `wrong`."""

    def __init__(self, wrong: NoLua) -> None:
        super().__init__()
        self.wrong = wrong


@dataclass(slots=True)
class _Function:
    """A function while it is read: how many local variables and values are in it, and in how many loops we are."""

    slots: int = 0
    loops: int = 0
    is_vararg: bool = False


@dataclass(slots=True)
class Parser:
    """Reads words from the first to the last. Raises WrongError at the first that cannot stand there."""

    words: tuple[Word, ...]
    at: int = 0
    depth: int = 0
    functions: list[_Function] = field(default_factory=lambda: [_Function()])

    def chunk(self) -> None:
        """Read a whole text."""
        self._block()
        self._take(END)

    @property
    def _next(self) -> Word:
        return self.words[self.at]

    @property
    def _here(self) -> _Function:
        return self.functions[-1]

    def _is(self, *kinds: str) -> bool:
        return self._next.kind in kinds

    def _skip(self, kind: str) -> bool:
        """Take a word if it is of a kind."""
        if not self._is(kind):
            return False
        self.at += 1
        return True

    def _take(self, kind: str) -> Word:
        word = self._next
        if word.kind != kind:
            raise self._wrong(f"{_shown(word)} where {_KINDS.get(kind, kind)} is needed")
        self.at += 1
        return word

    def _wrong(self, why: str) -> WrongError:
        return WrongError(NoLua(line=self._next.line, why=why))

    @contextmanager
    def _deeper(self) -> Iterator[None]:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise self._wrong(f"is nested more than {_DEEPEST} deep")
        yield
        self.depth -= 1

    def _hold(self, count: int = 1) -> None:
        self._here.slots += count
        if self._here.slots > _SLOTS:
            raise self._wrong(f"has more than {_SLOTS} local variables and values in a function")

    # --- statements ----------------------------------------------------------------------------------------------

    def _block(self) -> None:
        with self._deeper():
            while self._next.kind not in _ENDS:
                if self._is("return", "break"):
                    self._last()
                    return
                self._statement()
                self._skip(";")

    def _last(self) -> None:
        if self._skip("break"):
            if not self._here.loops:
                raise self._wrong("break outside of a loop")
        elif self._skip("return") and self._next.kind not in {*_ENDS, ";"}:
            self._expressions()
        self._skip(";")
        if self._next.kind not in _ENDS:
            raise self._wrong(f"{_shown(self._next)} behind the end of a block")

    def _statement(self) -> None:
        read = _STATEMENTS.get(self._next.kind)
        if read is None:
            self._assignment_or_call()
            return
        self.at += 1
        read(self)

    def _loop(self, end: str) -> None:
        self._here.loops += 1
        self._block()
        self._here.loops -= 1
        self._take(end)

    def do_block(self) -> None:
        """Read `do` ... `end`, behind its first word, as the others."""
        self._block()
        self._take("end")

    def while_loop(self) -> None:
        """Read `while`."""
        self._expression()
        self._take("do")
        self._loop("end")

    def repeat_loop(self) -> None:
        """Read `repeat`; what is local to it is there until the condition has been read."""
        self._loop("until")
        self._expression()

    def if_block(self) -> None:
        """Read `if`."""
        self._expression()
        self._take("then")
        self._block()
        while self._skip("elseif"):
            self._expression()
            self._take("then")
            self._block()
        if self._skip("else"):
            self._block()
        self._take("end")

    def for_loop(self) -> None:
        """Read `for`, over numbers or what an iterator has."""
        self._local_name()
        self._hold(_OF_A_LOOP)
        if self._skip("="):
            self._expression()
            self._take(",")
            self._expression()
            if self._skip(","):
                self._expression()
        else:
            while self._skip(","):
                self._local_name()
            self._take("in")
            self._expressions()
        self._take("do")
        self._loop("end")

    def named_function(self) -> None:
        """Read `function` with a name."""
        self._global()
        is_method = False
        while self._skip("."):
            self._member()
        if self._skip(":"):
            self._member()
            is_method = True
        self._body(is_method=is_method)

    def local_names(self) -> None:
        """Read `local`, of a function or of values."""
        if self._skip("function"):
            self._local_name()
            self._body()
            return
        self._local_name()
        while self._skip(","):
            self._local_name()
        if self._skip("="):
            self._expressions()

    def _local_name(self) -> None:
        self._global()
        self._hold()

    def _assignment_or_call(self) -> None:
        kind = self._suffixed()
        if kind == "call" and not self._is("=", ","):
            return
        targets = 1
        while kind == "target" and self._skip(","):
            kind = self._suffixed()
            targets += 1
        if kind != "target" or not self._is("="):
            raise self._wrong(f"{_shown(self._next)} where a call or an assignment is needed")
        self._take("=")
        self._hold(targets)
        self._expressions()
        self._hold(-targets)

    # --- expressions ---------------------------------------------------------------------------------------------

    def _expressions(self) -> None:
        count = 0
        self._expression()
        while self._skip(","):
            self._hold()
            count += 1
            self._expression()
        self._hold(-count)

    def _expression(self) -> None:
        """Read an expression. What binds closer does not matter here, only what stands where."""
        with self._deeper():
            self._hold()
            operators = 0
            while self._next.kind in _UNARY:
                self._operator(operators := operators + 1)
            self._simple()
            while self._next.kind in _BINARY:
                self._operator(operators := operators + 1)
                while self._next.kind in _UNARY:
                    self._operator(operators := operators + 1)
                self._simple()
            self._hold(-1)

    def _operator(self, number: int) -> None:
        """Take an operator; each of an expression may hold a value, and be a level of its own."""
        if self.depth + number > _DEEPEST:
            raise self._wrong(f"has more than {_DEEPEST} operators in an expression")
        self.at += 1

    def _simple(self) -> None:
        if self._next.kind in _CONSTANTS:
            self.at += 1
        elif self._is("..."):
            if not self._here.is_vararg:
                raise self._wrong("... outside of a function with ...")
            self.at += 1
        elif self._is("{"):
            self._table()
        elif self._skip("function"):
            self._body()
        else:
            self._suffixed()

    def _suffixed(self) -> str:
        """Read a name or an expression in brackets, with what is called and looked up; return what it is."""
        kind = "value"
        if self._skip("("):
            self._expression()
            self._take(")")
        else:
            self._global()
            kind = "target"
        while True:
            if self._skip("."):
                self._member()
                kind = "target"
            elif self._skip("["):
                self._expression()
                self._take("]")
                kind = "target"
            elif self._is(":", "(", "{", STRING):
                self._call()
                kind = "call"
            else:
                return kind

    def _call(self) -> None:
        if self._skip(":"):
            self._member()
        if self._is("(") and self._next.line != self.words[self.at - 1].line:
            raise self._wrong("( on a line of its own: it is not clear whether this is a call")
        self._hold(2)
        if self._skip("("):
            if not self._is(")"):
                self._expressions()
            self._take(")")
        elif self._is("{"):
            self._table()
        else:
            self._take(STRING)
        self._hold(-2)

    def _table(self) -> None:
        self._take("{")
        with self._deeper():
            self._hold(2)
            while not self._is("}"):
                self._field()
                if not self._skip(",") and not self._skip(";"):
                    break
            self._hold(-2)
        self._take("}")

    def _field(self) -> None:
        if self._skip("["):
            self._expression()
            self._take("]")
            self._take("=")
        elif self._is(NAME) and self.words[self.at + 1].kind == "=":
            self._member()
            self._take("=")
        self._expression()

    def _body(self, *, is_method: bool = False) -> None:
        """Read the parameters and the block of a function."""
        outer = sum(each.slots for each in self.functions)
        if outer > _OUTER:
            raise self._wrong(f"has more than {_OUTER} local variables and values around a function")
        self.functions.append(_Function(slots=int(is_method)))
        self._take("(")
        if not self._skip(")"):
            self._parameters()
            self._take(")")
        self._block()
        self._take("end")
        self.functions.pop()

    def _parameters(self) -> None:
        while not self._skip("..."):
            self._local_name()
            if not self._skip(","):
                return
        self._here.is_vararg = True

    def _global(self) -> None:
        self._named(scripts.WITHHELD_NAMES)

    def _member(self) -> None:
        self._named(scripts.WITHHELD_METHODS)

    def _named(self, withheld: frozenset[str]) -> None:
        word = self._take(NAME)
        if word.text in withheld or word.text.startswith("__"):
            raise WrongError(NoLua(line=word.line, why=f"{word.text} is not allowed in a script"))


def _shown(word: Word) -> str:
    return word.text.partition("\n")[0][:_SHOWN] or END


_STATEMENTS: Final[Mapping[str, Callable[[Parser], None]]] = MappingProxyType(
    {
        "do": Parser.do_block,
        "while": Parser.while_loop,
        "repeat": Parser.repeat_loop,
        "if": Parser.if_block,
        "for": Parser.for_loop,
        "function": Parser.named_function,
        "local": Parser.local_names,
    }
)
"""What reads a statement, by its first word."""
