local graph
local function block(name)
  local b = graph.blocks[name]
  if not b then
    b = { name = name, ins = {}, outs = {} }
    graph.blocks[name] = b
    graph.size = graph.size + 1
  end
  return b
end
local function edge(a, b)
  local from, to = block(a), block(b)
  from.outs[#from.outs + 1] = to
  to.ins[#to.ins + 1] = from
end
local function chain(from, n)
  for i = from, from + n - 1 do edge(i, i + 1) end
  return from + n
end
local function diamond(at)
  edge(at, at + 1) edge(at, at + 2) edge(at + 1, at + 3) edge(at + 2, at + 3)
  return at + 3
end
local function loop(at)
  local top = chain(at, 1)
  local bottom = chain(diamond(top), 1)
  edge(bottom, top)
  return chain(diamond(bottom), 1)
end
local Node = {} Node.__index = Node
function Node:find()
  local path, node = {}, self
  while node.parent ~= node do
    if node.parent.parent ~= node.parent then path[#path + 1] = node end
    node = node.parent
  end
  for i = 1, #path do path[i].parent = node end
  return node
end
local Finder = {} Finder.__index = Finder
function Finder:number(b)
  self.count = self.count + 1
  local here = self.count
  self.numbers[b.name] = here
  local node = setmetatable({ block = b, num = here }, Node)
  node.parent = node
  self.nodes[here] = node
  for i = 1, #b.outs do
    if not self.numbers[b.outs[i].name] then self:number(b.outs[i]) end
  end
  self.ends[here] = self.count
end
function Finder:above(w, v) return w <= v and v <= self.ends[w] end
function Finder:has(node, body)
  for i = 1, #body do if body[i] == node then return true end end
  return false
end
function Finder:loopAt(w)
  local body, nodes, header = {}, self.nodes, self.nodes[w]
  for _, each in ipairs(header.block.ins) do
    local v = self.numbers[each.name]
    if self:above(w, v) and v ~= w then
      local node = nodes[v]:find()
      if not self:has(node, body) then body[#body + 1] = node end
    end
  end
  if #body == 0 then return end
  local work, at = {}, 1
  for i = 1, #body do work[i] = body[i] end
  while at <= #work do
    local ins = work[at].block.ins
    at = at + 1
    for _, each in ipairs(ins) do
      local node = nodes[self.numbers[each.name]]:find()
      if self:above(w, node.num) and node.num ~= w and not self:has(node, body) then
        body[#body + 1] = node
        work[#work + 1] = node
      end
    end
  end
  local l = { blocks = { [header.block.name] = true }, children = {} , size = 1 }
  self.loops[#self.loops + 1] = l
  header.loop = l
  for _, node in ipairs(body) do
    node.parent = header
    if node.loop then
      node.loop.parent = l
      l.children[node.loop] = true
      l.size = l.size + 1
    else
      if not l.blocks[node.block.name] then l.size = l.size + 1 end
      l.blocks[node.block.name] = true
    end
  end
end
graph = { blocks = {}, size = 0 }
edge(0, 1)
local at = 1
for i = 1, 10 do
  local top = at
  at = chain(at, 1)
  for j = 1, 10 do
    local inner = at
    at = chain(at, 1)
    for k = 1, 5 do at = loop(at) end
    at = chain(at, 1)
    edge(at - 1, inner)
  end
  edge(at, top)
end
local r
for i = 1, 24 do
  local f = setmetatable({ count = 0, loops = {}, numbers = {}, nodes = {}, ends = {} }, Finder)
  f:number(block(0))
  for w = f.count, 1, -1 do f:loopAt(w) end
  local sum = 0
  for _, l in ipairs(f.loops) do sum = sum + l.size end
  r = #f.loops * 100000 + sum
end
print(r)
