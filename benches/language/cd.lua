local floor, cos = math.floor, math.cos
local function class() local c = {} c.__index = c return c end
local Point = class()
local function point(x, y, z) return setmetatable({ x = x, y = y, z = z }, Point) end
function Point.__add(a, b) return point(a.x + b.x, a.y + b.y, a.z + b.z) end
function Point.__sub(a, b) return point(a.x - b.x, a.y - b.y, a.z - b.z) end
function Point:scaled(f) return point(self.x * f, self.y * f, self.z * f) end
function Point:dot(o) return self.x * o.x + self.y * o.y + self.z * o.z end
local TreeMap = class()
local function treeMap() return setmetatable({ seed = 74755 }, TreeMap) end
function TreeMap:at(key)
  local node = self.root
  while node do
    if node.key == key then return node.value end
    if key < node.key then node = node.left else node = node.right end
  end
end
function TreeMap:put(key, value) self.root = self:insert(key, value, self.root) end
function TreeMap:insert(key, value, node)
  if not node then
    self.seed = (self.seed * 1309 + 13849) % 65536
    return { key = key, value = value, priority = self.seed }
  end
  if key == node.key then node.value = value return node end
  if key < node.key then
    local child = self:insert(key, value, node.left)
    node.left = child
    if child.priority > node.priority then node.left = child.right child.right = node return child end
  else
    local child = self:insert(key, value, node.right)
    node.right = child
    if child.priority > node.priority then node.right = child.left child.left = node return child end
  end
  return node
end
local function each(node, f)
  if not node then return end
  each(node.left, f)
  f(node.value)
  each(node.right, f)
end
local Motion = class()
function Motion:distanceTo(other)
  local start = self.from - other.from
  local change = (self.to - self.from) - (other.to - other.from)
  local a, t = change:dot(change), 0
  if a > 0.000001 then
    t = (0 - start:dot(change)) / a
    if t < 0 then t = 0 end
    if t > 1 then t = 1 end
  end
  start = start + change:scaled(t)
  return start:dot(start)
end
local positions = treeMap()
local function handle(frame, n)
  local cells, hits, time = treeMap(), 0, frame / 10
  for i = 1, n do
    local p = point(time * 3 + i * 2, cos(time * i) * 5 + 100, (i % 4) * 2)
    local old = positions:at(i)
    positions:put(i, p)
    local motion = setmetatable({ sign = i, from = old or p, to = p }, Motion)
    local key = floor(p.x / 10) * 1000 + floor(p.y / 10)
    local list = cells:at(key)
    if not list then list = {} cells:put(key, list) end
    list[#list + 1] = motion
  end
  each(cells.root, function(list)
    for i = 1, #list do
      local one = list[i]
      for j = i + 1, #list do
        if one:distanceTo(list[j]) < 50 then hits = hits + 1 end
      end
    end
  end)
  return hits
end
local r = 0
for i = 1, 400 do r = r + handle(i, 200) end
print(r)
