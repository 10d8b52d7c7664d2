-- Arrays of arrays of arrays, four in each, with leaves of random sizes.
local seed, count = 74755, 0

local function random()
  seed = (seed * 1309 + 13849) % 65536
  return seed
end

local function leaf(size)
  local made = {}
  for i = 1, size do made[i] = false end
  return made
end

local function storage(depth)
  count = count + 1
  if depth == 1 then return leaf(random() % 10 + 1) end
  local made = { false, false, false, false }
  for i = 1, 4 do made[i] = storage(depth - 1) end
  return made
end

local last
for _ = 1, 1000 do last = storage(7) end
print(count)
print(seed)
print(#last)
