-- wrk -s wrk.lua URL -- PLAN FIRST PAUSE: sends the requests of a plan (see traffic.py) in turn. FIRST is the first
-- counter; PAUSE, unless 0, the mean pause of a connection before each request, in milliseconds. Ends with one line of JSON.

local heads, tails, turn, count = {}, {}, 0, 0

local function read_plan(name)
  local file = assert(io.open(name, "rb"))
  while true do
    local first, second = file:read("*n", "*n")
    if not first then break end
    file:read(1)
    heads[#heads + 1] = file:read(first)
    tails[#heads] = second >= 0 and (second > 0 and file:read(second) or "") or false
  end
  file:close()
end

local function repeated()
  turn = turn % #heads + 1
  return heads[turn]
end

local function counted()
  turn = turn % #heads + 1
  local tail = tails[turn]
  if not tail then return heads[turn] end
  count = count + 1
  return heads[turn] .. count .. tail
end

function init(args)
  read_plan(args[1])
  count = tonumber(args[2])
  local unique = false
  for position = 1, #heads do unique = unique or tails[position] end
  request = unique and counted or repeated
  local pause = tonumber(args[3])
  if pause > 0 then
    math.randomseed(count)
    -- wrk waits whole milliseconds; fractions are reached on average.
    function delay() return math.floor(2 * pause * math.random() + math.random()) end
  end
end

function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format(
    '{"requests": %d, "seconds": %.6f, "bytes": %d, "p50": %d, "p90": %d, "p99": %d, "p999": %d, "max": %d, ' ..
    '"failed": %d, "statuses": %d, "timeouts": %d}\n',
    summary.requests, summary.duration / 1e6, summary.bytes, latency:percentile(50), latency:percentile(90),
    latency:percentile(99), latency:percentile(99.9), latency.max, e.connect + e.read + e.write, e.status, e.timeout))
end
