// SPDX-License-Identifier: MIT
// Lua opens its libraries and runs a script: tables, strings, closures, a coroutine, a sort.
#include "tests/embed/libraries/heap.h"

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

static const char script[] =
    "local words, sum = {}, 0\n"
    "for i = 1, 200 do words[i] = ('word %03d'):format((i * 37) % 211) end\n"
    "table.sort(words)\n"
    "local counts = {}\n"
    "for _, word in ipairs(words) do\n"
    "    for letter in word:gmatch('%w') do counts[letter] = (counts[letter] or 0) + 1 end\n"
    "end\n"
    "local numbers = coroutine.wrap(function() for i = 1, 50 do coroutine.yield(i) end end)\n"
    "for i = 1, 50 do\n"
    "    local add = function(n) return n + numbers() end\n"
    "    sum = add(sum)\n"
    "end\n"
    "local text = table.concat(words, ','):gsub('word', 'w')\n"
    "return #text + sum + counts.w";

static void *allocate(void *context, void *block, size_t old_size, size_t new_size)
{
    (void)context;
    return heap_resize(block, old_size, new_size);
}

// In protected mode, as all that may fail has to be.
static int run(lua_State *lua)
{
    luaL_openlibs(lua);
    if (luaL_loadstring(lua, script) != LUA_OK)
        return lua_error(lua);
    lua_call(lua, 0, 1);
    return 1;
}

bool library_work(void)
{
    lua_State *lua = lua_newstate(allocate, NULL);
    int status;

    if (!lua)
        return false;
    lua_pushcfunction(lua, run);
    status = lua_pcall(lua, 0, 1, 0);
    CHECK(status == LUA_OK || status == LUA_ERRMEM);
    if (status == LUA_OK)
        CHECK(lua_tointeger(lua, -1) == 199 + 200 * 5 + 50 * 51 / 2 + 200);
    lua_close(lua);
    return status == LUA_OK;
}
