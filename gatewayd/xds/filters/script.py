"""Script -> Envoy's Lua filter, which takes a place in the chain where a route asks for it.

Envoy gives a script all that LuaJIT has, lets it run for as long as it likes, and lets messages go on when it fails. So
a script is put into a frame: what is withheld is taken away before it begins, it is ended when it runs for too long,
and what fails in it is answered with a 500. Each rule has a state of its own: scripts do not see each other.
https://www.envoyproxy.io/docs/envoy/v1.40.0/configuration/http/http_filters/lua_filter
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Final

from envoy.config.core.v3 import base_pb2
from envoy.extensions.filters.http.lua.v3 import lua_pb2

from gatewayd.ir import reserved, scripts
from gatewayd.ir.scripts import Script
from gatewayd.xds.filters.auth import taking_place

_FILTER: Final = "envoy.filters.http.lua"


_EDITS: Final = ("add", "remove", "replace")
"""What changes a header, by its name."""


def _keys(names: Iterable[str]) -> str:
    return "{" + ",".join(f'["{name}"]=true' for name in sorted(names)) + "}"


def _truths(names: Iterable[str]) -> str:
    return "{" + ",".join(f"{name}=true" for name in sorted(names)) + "}"


_HEADERS: Final = """
local function checked(name,value)
if type(name)~="string" or not find(name,"^:?[%w!#$%%&'*+%-.^_`|~]+$") then error("a name that no header has",0) end
local plain=gsub(lower(name),"_","-")
if plain~=":status" and (sub(plain,1,1)==":" or reserved[plain]) then error(plain.." is not for scripts",0) end
for prefix in next,prefixes do
if sub(plain,1,#prefix)==prefix then error(plain.." is not for scripts",0) end
end
if value~=nil and find(value,"[%z\\1-\\8\\10-\\31\\127]") then error("a value that no header has",0) end
end
local function checked_all(headers)
for name,value in next,headers do
if type(value)=="table" then for _,each in next,value do checked(name,each) end else checked(name,value) end
end
end
"""
"""Who changes headers by a script may change what a server that sees messages may; no line ends in a header."""

_FRAME: Final = f"""
local run=(function()
local pcall,error,type,next,meta,sub,rep=pcall,error,type,next,getmetatable,string.sub,string.rep
local find,gsub,lower=string.find,string.gsub,string.lower
local reserved,prefixes={_keys((*reserved.NAMES, reserved.HOST))},{_keys(reserved.PREFIXES)}
local edits={_truths(_EDITS)}
{_HEADERS}
local methods,clean,turn,seen={_truths(scripts.WITHHELD_METHODS)},{{}},0,-1
jit.off() jit.flush()
debug.sethook(function()
if seen==turn then error("it has run for too long",0) end
seen=turn end,"",{scripts.INSTRUCTIONS})
string.rep=function(s,n,by)
if n*(#s+#(by or ""))>{scripts.LONGEST_REPEATED} then error("string.rep of too much",0) end
return rep(s,n,by) end
string.dump=nil
local old=os os={{}}
for name in next,{_truths(scripts.KEPT_OF_OS)} do os[name]=old[name] end
for name in next,{_truths(scripts.WITHHELD_NAMES)} do _G[name]=nil end
local function cleaned(value,...)
local of=type(value)=="userdata" and meta(value)
if of and not clean[of] then
clean[of]=true
local own=of.__index
if type(own)=="table" then
local kept={{}}
for name,method in next,own do
if sub(name,1,2)~="__" and not methods[name] then
kept[name]=function(self,...)
if edits[name] then checked(...) elseif name=="respond" then checked_all(...) end
return cleaned(method(self,...))
end
end
end
of.__index=kept
end
end
return value,...
end
local function failed(handle,why,is_response)
handle:logErr("a script failed: "..(type(why)=="string" and why or "?"))
if not is_response then handle:respond({{[":status"]="500"}},"") return end
pcall(function()
local headers=handle:headers()
headers:replace(":status","500")
local body=handle:body(true)
if body then body:setBytes("") end
end)
end
local function framed(entry,is_response)
return function(handle)
turn=turn+1
cleaned(handle)
local ok,why=pcall(entry,handle)
if not ok then failed(handle,why,is_response) end
end
end
return function(main)
local ok,why=pcall(main)
local entries={{envoy_on_request,envoy_on_response}}
for at=1,2 do
if entries[at]~=nil and type(entries[at])~="function" then ok,why=false,"an entry is no function" end
end
if not ok then
envoy_on_request=function(handle) failed(handle,why,false) end
envoy_on_response=nil
return
end
envoy_on_request=entries[1] and framed(entries[1],false)
envoy_on_response=entries[2] and framed(entries[2],true)
end
end)()
run(function() local run
""".strip().replace("\n", " ")
_END: Final = "\nend)"


def per_route(script: Script) -> Any:
    """Return the configuration of one route."""
    return taking_place(_FILTER, _lua(script.code))


@lru_cache(maxsize=64)
def _lua(code: str) -> Any:
    source = base_pb2.DataSource(inline_string=f"{_FRAME} {code}{_END}")
    return lua_pb2.Lua(default_source_code=source)
