-- Trees built from the top and from the bottom, with a tree and an array of floats alive throughout.
local function fill(node, depth)
  if depth == 0 then return end
  node.left, node.right = { i = 0, j = 0 }, { i = 0, j = 0 }
  fill(node.left, depth - 1)
  fill(node.right, depth - 1)
end

local function tree(depth)
  if depth == 0 then return { i = 0, j = 0 } end
  local left = tree(depth - 1)
  return { left = left, right = tree(depth - 1), i = 0, j = 0 }
end

local function count(node)
  if node.left then return 1 + count(node.left) + count(node.right) end
  return 1
end

local function size(depth) return 2 ^ (depth + 1) - 1 end

local kept = { i = 0, j = 0 }
fill(kept, 16)
local array = {}
for i = 1, 500000 do array[i] = 1 / i end
for depth = 4, 16, 2 do
  local times, sum = math.floor(2 * size(18) / size(depth)), 0
  for _ = 1, times do
    local node = { i = 0, j = 0 }
    fill(node, depth)
    sum = sum + count(node)
  end
  for _ = 1, times do sum = sum + count(tree(depth)) end
  print(string.format("%d", sum))
end
print(count(kept))
print(string.format("%d", math.floor(array[1000] * 1000 + 0.5)))
