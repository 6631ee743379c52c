"""Text in Lua -> whether a proxy can run it: Envoy refuses all the routes of a host for one script that it cannot load.

What a script must not have is refused by its name; what it finds out at run time the proxy withholds.
"""

from functools import lru_cache

from gatewayd.api.luasection import LONGEST_SCRIPT
from gatewayd.ir.scripts import ENTRIES
from gatewayd.untrusted.lua_grammar import Parser, WrongError
from gatewayd.untrusted.lua_words import NAME, NoLua, words


@lru_cache(maxsize=256)
def no_script(text: str) -> NoLua | None:
    """Return why a text is no script for requests and responses; None for one that is."""
    if len(text) > LONGEST_SCRIPT:
        return NoLua(line=0, why=f"has {len(text)} characters; at most {LONGEST_SCRIPT} are allowed")
    read = words(text)
    if isinstance(read, NoLua):
        return read
    try:
        Parser(read).chunk()
    except WrongError as error:
        return error.wrong
    if not any(each.kind == NAME and each.text in ENTRIES for each in read):
        return NoLua(line=0, why=f"defines none of {', '.join(ENTRIES)}")
    return None
