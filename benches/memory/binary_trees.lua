-- Complete binary trees of many depths, short-lived ones beside a long-lived one.
local function tree(depth)
  if depth == 0 then return {} end
  return { tree(depth - 1), tree(depth - 1) }
end

local function count(node)
  if node[1] then return 1 + count(node[1]) + count(node[2]) end
  return 1
end

local most = 16
print(count(tree(most + 1)))
local kept = tree(most)
for depth = 4, most, 2 do
  local times, sum = 2 ^ (most - depth + 4), 0
  for _ = 1, times do sum = sum + count(tree(depth)) end
  print(string.format("%d", sum))
end
print(count(kept))
