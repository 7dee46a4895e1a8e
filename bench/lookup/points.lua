-- Points anywhere in a box: BOX is "west south east north"; PATH_ASKED has @LON and @LAT.
local box = {}
for word in os.getenv("BOX"):gmatch("%S+") do box[#box + 1] = tonumber(word) end
local path = os.getenv("PATH_ASKED")
math.randomseed(tonumber(os.getenv("SEED")))

function request()
  local lon = string.format("%.6f", box[1] + (box[3] - box[1]) * math.random())
  local lat = string.format("%.6f", box[2] + (box[4] - box[2]) * math.random())
  return wrk.format("GET", (path:gsub("@LON", lon):gsub("@LAT", lat)))
end
