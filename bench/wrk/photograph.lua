-- POST /v1/check with a JPEG as the body. Bytes after its end make each a file of its own.

dofile((debug.getinfo(1, "S").source:match("^@(.*/)") or "./") .. "common.lua")

function init(args)
  begin(args)
  local file = assert(io.open(folder .. "/photograph.jpg", "rb"))
  photograph = file:read("*all")
  file:close()
end

function request()
  local id = event_id()
  return wrk.format("POST", "/v1/check?event_id=" .. id, nil, photograph .. id)
end
