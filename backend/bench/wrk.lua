-- Sends the requests of a plan in turn, and prints what was measured as one line of JSON.
-- A line of the plan is method, path and body, separated by tabs; {n} in a body becomes another number each time.

local plan, position, count = {}, 0, 0

function init(arguments)
   for line in io.lines(arguments[1]) do
      local method, path, body = line:match("^([^\t]*)\t([^\t]*)\t(.*)$")
      local varies = body:find("{n}", 1, true) ~= nil
      if body == "" then body = nil end
      plan[#plan + 1] = {
         method = method, path = path, body = body,
         whole = not varies and wrk.format(method, path, nil, body) or nil,
      }
   end
   count = tonumber(arguments[2])
end

function request()
   position = position % #plan + 1
   local step = plan[position]
   if step.whole then return step.whole end
   count = count + 1
   return wrk.format(step.method, step.path, nil, (step.body:gsub("{n}", string.format("%.0f", count))))
end

function done(summary, latency)
   local errors = summary.errors
   io.write(string.format(
      '\n{"requests":%d,"microseconds":%d,"p50":%d,"p99":%d,"refused":%d,"broken":%d}\n',
      summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), errors.status,
      errors.connect + errors.read + errors.write + errors.timeout))
end
