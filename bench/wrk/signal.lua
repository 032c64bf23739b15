-- POST /v1/check with one ready-made PDQ signal and an event id of its own.

dofile((debug.getinfo(1, "S").source:match("^@(.*/)") or "./") .. "common.lua")

function init(args)
  begin(args)
end

function request()
  local body = '{"event_id":"' .. event_id() .. '","signals":[{"kind":"pdq","value":"'
    .. signal() .. '"}]}'
  return wrk.format("POST", "/v1/check", nil, body)
end
