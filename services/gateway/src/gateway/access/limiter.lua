-- One round trip for a request: is the session revoked, and may the caller go on (GCRA on this server's clock)?
-- KEYS: the limit's key; the list of ended sessions where a session is named.
-- ARGV: microseconds between two requests at a steady pace; how many may come at once; the session; the mark in the
-- list that says since when this server hears of every end. A list without it begins now: it was lost, or is new.
-- Returns {revoked, allowed, remaining, microseconds to wait, microseconds until all are back, the mark's Unix time
-- in microseconds}.
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local since = now
if KEYS[2] then
  local found = redis.call('ZMSCORE', KEYS[2], ARGV[3], ARGV[4])
  if found[1] then
    return {1, 0, 0, 0, 0, 0}
  end
  if found[2] then
    since = math.ceil(-tonumber(found[2]) * 1000000)
  else
    redis.call('ZADD', KEYS[2], string.format('%.6f', -now / 1000000), ARGV[4])
  end
end
local interval = tonumber(ARGV[1])
local tolerance = interval * tonumber(ARGV[2])
local arrival = tonumber(redis.call('GET', KEYS[1]) or now)
local following = math.max(arrival, now) + interval
local over = following - tolerance - now
if over > 0 then
  return {0, 0, 0, over, arrival - now, since}
end
local rest = following - now
redis.call('SET', KEYS[1], string.format('%.0f', following), 'PX', math.ceil(rest / 1000))
return {0, 1, math.floor(-over / interval), 0, rest, since}
