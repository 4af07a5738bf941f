-- One round trip for a request: is the session revoked, and may the caller go on (GCRA on this server's clock)?
-- KEYS: the limit's key; the session's revocation key where a session is named.
-- ARGV: microseconds between two requests at a steady pace; how many may come at once.
-- Returns {revoked, allowed, remaining, microseconds to wait, microseconds until all are back}.
if KEYS[2] and redis.call('EXISTS', KEYS[2]) == 1 then
  return {1, 0, 0, 0, 0}
end
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local interval = tonumber(ARGV[1])
local tolerance = interval * tonumber(ARGV[2])
local arrival = tonumber(redis.call('GET', KEYS[1]) or now)
local following = math.max(arrival, now) + interval
local over = following - tolerance - now
if over > 0 then
  return {0, 0, 0, over, arrival - now}
end
local rest = following - now
redis.call('SET', KEYS[1], string.format('%.0f', following), 'PX', math.ceil(rest / 1000))
return {0, 1, math.floor(-over / interval), 0, rest}
