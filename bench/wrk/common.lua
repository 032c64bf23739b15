-- What the three scripts share. wrk runs each script once per thread, with the thread's own number.

local numbers = 0

function setup(thread)
  thread:set("number", numbers)
  numbers = numbers + 1
end

-- Command line after `--`: folder of the benchmark's files, then the name of this run.
function begin(args)
  folder, run = args[1], args[2]
  math.randomseed(number * 7919 + os.time())
  known = {}
  for line in io.lines(folder .. "/known.txt") do
    known[#known + 1] = line
  end
  sent = 0
end

-- A PDQ signal in hex: one in a hundred is in the bank, the others are random.
function signal()
  if math.random(100) == 1 then
    return known[math.random(#known)]
  end
  local parts = {}
  for part = 1, 16 do
    parts[part] = string.format("%04x", math.random(0, 65535))
  end
  return table.concat(parts)
end

-- An event id that no other thread and no other run uses.
function event_id()
  sent = sent + 1
  return run .. "-" .. number .. "-" .. sent
end

-- One JSON object after wrk's own report; bench/check.py reads it.
function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    '\nRESULT {"requests":%d,"seconds":%.3f,"p50_ms":%.3f,"p99_ms":%.3f,"refused":%d,"failed":%d}\n',
    summary.requests, summary.duration / 1e6,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, errors.status,
    errors.connect + errors.read + errors.write + errors.timeout))
end
