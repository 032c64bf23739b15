-- POST /v1/lookup with one PDQ signal.

dofile((debug.getinfo(1, "S").source:match("^@(.*/)") or "./") .. "common.lua")

function init(args)
  begin(args)
end

function request()
  local body = '{"signals":[{"kind":"pdq","value":"' .. signal() .. '"}]}'
  return wrk.format("POST", "/v1/lookup", nil, body)
end
