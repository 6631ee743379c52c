"""RoutePolicy, section lua, with a real Envoy: what a script does, what it may not, what becomes of its failures."""

from typing import Any

import pytest

from tests.feature.harness.manifests import http_route
from tests.feature.harness.policies import CODE_ALLOWED, accepted, drains, foreign, policy, target
from tests.feature.harness.world import World

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

BACKENDS = ("one",)
SHOP = http_route(
    "shop",
    """
- {name: open, matches: [{path: {value: /open}}], backendRefs: [{name: one, port: 80}]}
- {name: rest, backendRefs: [{name: one, port: 80}]}
""",
    host="shop.example",
)
REST = target("HTTPRoute", "shop", "rest")
UNTIL = "requests get a 500 until then"


def indented(code: str) -> str:
    return "".join(f"        {line}\n" for line in code.strip("\n").splitlines())


def script(code: str, at: str = REST, name: str = "script") -> str:
    return policy("RoutePolicy", name, at, f"default:\n    lua:\n      inline: |\n{indented(code)}", namespace="shop")


def of_requests(body: str) -> str:
    return script(f"function envoy_on_request(handle)\n{body}\nend")


async def ask(world: World, path: str = "/", *headers: tuple[str, str], **more: Any) -> Any:
    return await world.ask(path, *headers, host="shop.example", **more)


BOTH = """
local count = 0
function envoy_on_request(handle)
  count = count + 1
  handle:headers():add("x-seen", handle:headers():get("x-from") or "nobody")
  handle:headers():remove("x-from")
  for name, value in pairs(handle:headers()) do
    if name == "x-stop" then handle:respond({[":status"] = "418", ["x-why"] = value}, "no tea") end
  end
end
function envoy_on_response(handle)
  handle:headers():replace("x-count", tostring(count))
end
"""


async def test_messages_are_changed_for_its_rule_alone_and_no_listener_drains(world: World) -> None:
    before = await drains(world)
    await world.apply(CODE_ALLOWED, SHOP, script(BOTH))
    answer = await ask(world, "/", ("x-from", "ann"))
    assert (answer.status, answer.seen("x-seen"), answer.seen("x-from")) == (200, ["ann"], [])
    assert answer.one("x-count") is not None
    assert accepted(world, "RoutePolicy shop/script").status
    stopped = await ask(world, "/", ("x-stop", "yes"))
    assert (stopped.status, stopped.body, stopped.one("x-why")) == (418, b"no tea", "yes")
    assert (await ask(world, "/open")).seen("x-seen") == []
    await world.remove("RoutePolicy shop/script")
    assert (await ask(world)).seen("x-seen") == []
    assert await drains(world) == before


async def test_it_is_closed_until_the_class_allows_it(world: World) -> None:
    await world.apply(SHOP, script(BOTH))
    assert ((await ask(world)).status, (await ask(world, "/open")).status) == (500, 200)
    said = accepted(world, "RoutePolicy shop/script")
    assert not said.status
    assert said.message == (
        "spec.default.lua: code is not allowed by the GatewayClass; "
        f"allowed: none, until its parameters have allowedCode: Lua; {UNTIL}"
    )
    await world.apply(CODE_ALLOWED)
    assert (await ask(world)).status == 200
    assert accepted(world, "RoutePolicy shop/script").status


async def test_a_script_of_a_configmap(world: World) -> None:
    ref = policy("RoutePolicy", "script", REST, "default: {lua: {configMapRef: {name: code}}}", namespace="shop")
    await world.apply(CODE_ALLOWED, SHOP, ref)
    assert (await ask(world)).status == 500
    why = f'spec.default.lua.configMapRef: ConfigMap "shop/code" does not exist; {UNTIL}'
    assert accepted(world, "RoutePolicy shop/script").message == why
    code = "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: code, namespace: shop}}\ndata:\n  {}: |\n{}"
    await world.apply(code.format("any.lua", indented(BOTH)))
    assert (await ask(world)).seen("x-seen") == ["nobody"]
    await world.apply(code.format("lua", indented(BOTH.replace("nobody", "else"))))
    assert (await ask(world)).seen("x-seen") == ["else"]


async def test_a_text_that_envoy_would_refuse_closes_its_rule_and_harms_nobody(world: World) -> None:
    await world.apply(CODE_ALLOWED, SHOP, of_requests("if"))
    assert ((await ask(world)).status, (await ask(world, "/open")).status) == (500, 200)
    said = accepted(world, "RoutePolicy shop/script").message
    assert said == f"spec.default.lua.inline: line 3: end where a name is needed; {UNTIL}"


FAILING = {
    "an error": "error('x')",
    "nothing there": "local a = nil; a.b = 1",
    "a loop without end": "while true do end",
    "a loop that calls": "for i = 1, 1000000000 do handle:headers() end",
    "too much text": "local s = string.rep('x', 1048577)",
    "deep recursion": "local function f() return 1 + f() end f()",
    "files": "local x = _G['i' .. 'o'].open('/etc/passwd')",
    "modules": "local x = _G['req' .. 'uire']('ffi')",
    "programs": "os['exec' .. 'ute']('true')",
    "its end": "os['ex' .. 'it'](1)",
    "code": "_G['load' .. 'string']('return 1')()",
    "bytes of code": "string['du' .. 'mp'](function() end)",
    "what it may not see": "local f = handle['__' .. 'gc']; f(handle)",
    "its methods": "local f = handle['__' .. 'index']['__' .. 'gc']; f(handle)",
    "those of others": "local h = handle:headers(); h['__' .. 'gc'](h)",
    "servers of others": "handle['http' .. 'Call'](handle, 'c', {}, '', 1)",
    "another route": "handle['clearRoute' .. 'Cache'](handle)",
    "the frame": "run(function() end)",
    "errors caught": "_G['p' .. 'call'](function() end)",
    "another host": "handle:headers():replace('Host', 'evil.example')",
    "another path": "handle:headers():replace(':path', '/open')",
    "another length": "handle:headers():replace('Content_Length', '1')",
    "no length": "handle:headers():remove('content-length')",
    "a way to frame": "handle:headers():add('transfer-encoding', 'chunked')",
    "a word to the proxy": "handle:headers():add('x-envoy-upstream-rq-timeout-ms', '1')",
    "lines in a value": "handle:headers():add('x-a', 'b\\r\\ncontent-length: 0\\r\\n\\r\\nGET /open HTTP/1.1')",
    "lines in a name": "handle:headers():add('x-a: b\\r\\nx-c', 'd')",
    "lines in an answer": "handle:respond({[':status'] = '200', ['x-a'] = {'b', 'c\\nd'}}, '')",
    "a length of an answer": "handle:respond({[':status'] = '200', ['content-length'] = '1'}, 'abc')",
    "after a body": "handle:body(); error('x')",
}


@pytest.mark.parametrize("failure", FAILING)
async def test_what_fails_on_the_way_in_gets_a_500_and_the_proxy_lives(world: World, failure: str) -> None:
    await world.apply(CODE_ALLOWED, SHOP, of_requests(FAILING[failure]))
    world.backends["one"].requests.clear()
    for _ in range(2):
        assert (await ask(world, method="PUT", body=b"some")).status == 500
    assert world.backends["one"].requests == []
    assert (await ask(world, "/open")).status == 200


@pytest.mark.parametrize("before", ["", "handle:body()", "handle:headers():add('x-a', 'b')"])
async def test_what_fails_on_the_way_out_tells_nothing_of_what_a_backend_says(world: World, before: str) -> None:
    await world.apply(CODE_ALLOWED, SHOP, script(f"function envoy_on_response(handle) {before} error('x') end"))
    answer = await ask(world)
    assert (answer.status, answer.body) == (500, b"")


@pytest.mark.parametrize("code", ["error('x')", "while true do end", "envoy_on_request = 5", "do return error() end"])
async def test_what_fails_while_it_is_loaded_closes_its_rule_alone(world: World, code: str) -> None:
    await world.apply(CODE_ALLOWED, SHOP, script(f"function envoy_on_request(handle) end\n{code}"))
    assert ((await ask(world)).status, (await ask(world, "/open")).status) == (500, 200)
    await world.apply(script(BOTH))
    assert (await ask(world)).status == 200


async def test_scripts_of_two_rules_have_nothing_in_common(world: World) -> None:
    other = "known = (known or 0) + 1 function envoy_on_request(handle) handle:headers():add('x-known', known) end"
    await world.apply(
        CODE_ALLOWED, SHOP, script("known = 5\n" + BOTH), script(other, target("HTTPRoute", "shop", "open"), "b")
    )
    assert (await ask(world, "/open")).seen("x-known") == ["1"]


async def test_what_is_allowed_to_scripts(world: World) -> None:
    lines = """
local now = os.time() + os.clock()
local body = handle:body():getBytes(0, 4)
handle:headers():add("x-body", string.upper(body) .. string.rep("-", 2) .. #tostring(now))
handle:streamInfo():dynamicMetadata():set("a", "b", "c")
handle:headers():add("x-of", table.concat({type(math.floor(1.5)), handle:streamInfo():protocol()}, " "))
handle:logInfo("seen")
"""
    await world.apply(CODE_ALLOWED, SHOP, of_requests(lines))
    answer = await ask(world, method="PUT", body=b"some")
    assert answer.status == 200
    assert answer.seen("x-body")[0].startswith("SOME--")
    assert answer.seen("x-of") == ["number HTTP/1.1"]


async def test_a_server_beside_it_closes_the_rule(world: World) -> None:
    seen = "default: {externalProcessing: {backendRef: {name: one, port: 80}, request: {}}}"
    await world.apply(CODE_ALLOWED, SHOP, script(BOTH), policy("RoutePolicy", "seen", REST, seen, namespace="shop"))
    assert (await ask(world)).status == 500


async def test_the_same_by_a_policy_of_envoy_gateway(world: World) -> None:
    def extension(**spec: Any) -> str:
        return foreign("EnvoyExtensionPolicy", "script", target("HTTPRoute", "shop"), namespace="shop", **spec)

    inline = {"type": "Inline", "inline": BOTH}
    await world.apply(SHOP, extension(lua=[inline]))
    assert (await ask(world)).status == 500
    said = accepted(world, "EnvoyExtensionPolicy shop/script").message
    assert said.startswith("spec.lua: code is not allowed by the GatewayClass; ")
    await world.apply(CODE_ALLOWED)
    assert (await ask(world)).seen("x-seen") == ["nobody"]
    await world.apply(extension(lua=[inline, inline]))
    assert (await ask(world)).status == 500
    assert "spec.lua: must be one script, not 2" in accepted(world, "EnvoyExtensionPolicy shop/script").message
    await world.apply(extension(lua=[{"type": "ValueRef", "valueRef": {"kind": "ConfigMap", "name": "code"}}]))
    why = f'spec.lua: configMapRef: ConfigMap "shop/code" does not exist; {UNTIL}'
    assert (
        accepted(world, "EnvoyExtensionPolicy shop/script").message.replace("requests that it is for", "requests")
        == why
    )
