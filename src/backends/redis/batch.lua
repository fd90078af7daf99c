-- A batch, all in one: nobody sees a part of it. Redis undoes nothing, so the first record that is refused ends the
-- batch, and the mark stays where everything before it is done.
--
-- KEYS[1]  the mark, where one is kept (in a cluster: the one key that all records are about)
-- ARGV     how many of the next are there: 6, or 0 where no mark is kept;
--          seq and event of the mark as it must be ('' = there is none), seq and event as it shall be, node, seconds;
--          then records: a letter, and what the letter takes
-- Answer   nil when all is done; {'moved'} when the mark is another one, nothing is done then;
--          {'refused', number of the record, the error}
--
-- Most records may be done again and change nothing. A command of a custom statement may not: the mark's field `part`
-- holds what is done of an event behind the mark, as '<event> <name> …', until a batch with that event is done.

local mark = ARGV[1] == '6' and KEYS[1]
local position = 2
local reached = nil
local known = { event = '', names = {} } -- the part as it was
local part = { event = '', names = {} } -- … and as it would be if the next record were refused
local met, passed = false, false -- its event: is among the records, is done

if mark then
  local is = redis.call('HMGET', mark, 'seq', 'event', 'part')
  if (is[1] or '') ~= ARGV[2] or (is[2] or '') ~= ARGV[3] then return { 'moved' } end
  for word in (is[3] or ''):gmatch('%S+') do
    if known.event == '' then known.event = word else known.names[word] = true end
  end
  -- First, so that a server that takes no writes says so before anything is done.
  redis.call('HSET', mark, 'seq', ARGV[4], 'event', ARGV[5], 'node', ARGV[6], 'at', ARGV[7])
  position = 8
end

local function take()
  position = position + 1
  return ARGV[position - 1]
end

local function command()
  local first, last = position + 1, position + tonumber(ARGV[position])
  position = last + 1
  return redis.call(unpack(ARGV, first, last))
end

-- Bytes, as the sorted set has them; `<` would go by the server's language.
local function less(one, other)
  for i = 1, math.min(#one, #other) do
    local a, b = one:byte(i), other:byte(i)
    if a ~= b then return a < b end
  end
  return #one < #other
end

local skipping = false

local letters = {
  -- any command that may be done again
  C = command,

  -- the hash of a message: seconds to live, key, fields and values
  H = function()
    local at = position
    position = at + 16
    redis.call('HSET', unpack(ARGV, at + 1, at + 15))
    redis.call('EXPIRE', ARGV[at + 1], ARGV[at])
  end,

  -- its place in the index: key, id
  Z = function()
    local at = position
    position = at + 2
    redis.call('ZADD', ARGV[at], 1, ARGV[at + 1])
  end,

  -- the hash of a message goes: key
  U = function()
    local key = take()
    if redis.call('TYPE', key).ok == 'hash' then redis.call('DEL', key) end
  end,

  -- ids in front of a topic's index whose messages have expired go: key, how many to look at
  T = function()
    local key, gone = take(), {}
    for _, id in ipairs(redis.call('ZRANGE', key, 0, take() - 1)) do
      if redis.call('EXISTS', 'mqtt:msg:' .. id) == 1 then break end
      gone[#gone + 1] = id
    end
    if #gone > 0 then redis.call('ZREM', key, unpack(gone)) end
  end,

  -- a position, never back: key, id
  P = function()
    local key, id = take(), take()
    local is = redis.call('GET', key)
    if not is or less(is, id) then redis.call('SET', key, id) end
  end,

  -- the newest message of a topic: key, id, fields and values (with the id's)
  L = function()
    local key, id = take(), take()
    position = position + 14
    local is = redis.call('HGET', key, 'id')
    if not is or less(is, id) then redis.call('HSET', key, unpack(ARGV, position - 14, position - 1)) end
  end,

  -- what may be done once only begins: event, name in it
  O = function()
    local event, name = take(), take()
    if event == known.event then met = true end
    skipping = event == known.event and known.names[name]
  end,

  -- a command of it
  X = function()
    if skipping then position = position + 1 + tonumber(ARGV[position]) else command() end
  end,

  -- it is done: event, name
  E = function()
    local event, name = take(), take()
    if event ~= part.event then part = { event = event, names = {} } end
    part.names[name] = true
  end,

  -- everything up to this event is done: seq, event
  M = function()
    reached = { take(), take() }
    part, passed = { event = '', names = {} }, met
  end,
}

local function refused(record, problem)
  if mark then
    local seq, event = ARGV[2], ARGV[3]
    if reached then seq, event = reached[1], reached[2] end
    if seq == '' then redis.call('HDEL', mark, 'seq', 'event') else redis.call('HSET', mark, 'seq', seq, 'event', event) end
    local words = part.event
    for name in pairs(part.names) do words = words .. ' ' .. name end
    if words ~= '' then redis.call('HSET', mark, 'part', words) elseif passed then redis.call('HDEL', mark, 'part') end
  end
  return { 'refused', record, type(problem) == 'table' and problem.err or tostring(problem) }
end

local record = 0
local done, problem = pcall(function()
  local last = #ARGV
  while position <= last do
    position = position + 1
    letters[ARGV[position - 1]]()
    record = record + 1
  end
end)
if not done then return refused(record, problem) end
if met then redis.call('HDEL', mark, 'part') end
return false
