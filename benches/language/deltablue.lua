local floor = math.floor
local function class(base)
  local c = {} c.__index = c
  return setmetatable(c, { __index = base })
end
local required, preferred, normal, weakest = { level = 0 }, { level = 1 }, { level = 2 }, { level = 3 }
local function stronger(a, b) return a.level < b.level end
local function weaker(a, b) return a.level > b.level end
local function lower(a, b) if weaker(b, a) then return b else return a end end
local List = class()
local function list() return setmetatable({ first = 1, last = 0 }, List) end
function List:append(x) self.last = self.last + 1 self[self.last] = x end
function List:isEmpty() return self.last < self.first end
function List:removeFirst()
  local x = self[self.first]
  self[self.first] = nil
  self.first = self.first + 1
  return x
end
function List:remove(x)
  local at = self.first
  for i = self.first, self.last do
    if self[i] ~= x then self[at] = self[i] at = at + 1 end
  end
  for i = at, self.last do self[i] = nil end
  self.last = at - 1
end
local Variable = class()
local function variable(value)
  return setmetatable({ value = value, constraints = list(), mark = 0, strength = weakest, stay = true }, Variable)
end
function Variable:add(c) self.constraints:append(c) end
function Variable:remove(c)
  self.constraints:remove(c)
  if self.determinedBy == c then self.determinedBy = nil end
end
local Constraint = class()
function Constraint:isInput() return false end
function Constraint:addTo(planner) self:addToGraph() planner:incrementalAdd(self) end
function Constraint:destroy(planner)
  if self:isSatisfied() then planner:incrementalRemove(self) else self:removeFromGraph() end
end
local function known(v, mark) return v.mark == mark or v.stay or v.determinedBy == nil end
function Constraint:satisfy(mark, planner)
  self:chooseMethod(mark)
  if not self:isSatisfied() then
    if self.strength == required then error("a required constraint failed") end
    return nil
  end
  self:markInputs(mark)
  local out = self:output()
  local overridden = out.determinedBy
  if overridden then overridden:markUnsatisfied() end
  out.determinedBy = self
  if not planner:propagate(self, mark) then error("a cycle") end
  out.mark = mark
  return overridden
end
local Unary = class(Constraint)
local function unary(kind, v, strength, planner)
  local c = setmetatable({ strength = strength, out = v, satisfied = false }, kind)
  c:addTo(planner)
  return c
end
function Unary:output() return self.out end
function Unary:isSatisfied() return self.satisfied end
function Unary:markUnsatisfied() self.satisfied = false end
function Unary:addToGraph() self.out:add(self) self.satisfied = false end
function Unary:removeFromGraph() self.out:remove(self) self.satisfied = false end
function Unary:chooseMethod(mark) self.satisfied = self.out.mark ~= mark and stronger(self.strength, self.out.strength) end
function Unary:markInputs() end
function Unary:inputsKnown() return true end
function Unary:recalculate()
  local out = self.out
  out.strength = self.strength
  out.stay = not self:isInput()
  if out.stay then self:execute() end
end
function Unary:execute() end
local Stay, Edit = class(Unary), class(Unary)
function Edit:isInput() return true end
local Binary = class(Constraint)
function Binary:isSatisfied() return self.direction ~= "none" end
function Binary:markUnsatisfied() self.direction = "none" end
function Binary:addToGraph() self.a:add(self) self.b:add(self) self.direction = "none" end
function Binary:removeFromGraph() self.a:remove(self) self.b:remove(self) self.direction = "none" end
function Binary:input() if self.direction == "forward" then return self.a else return self.b end end
function Binary:output() if self.direction == "forward" then return self.b else return self.a end end
function Binary:markInputs(mark) self:input().mark = mark end
function Binary:inputsKnown(mark) return known(self:input(), mark) end
function Binary:chooseMethod(mark)
  local a, b, s = self.a, self.b, self.strength
  if a.mark == mark then
    self.direction = (b.mark ~= mark and stronger(s, b.strength)) and "forward" or "none"
  elseif b.mark == mark then
    self.direction = stronger(s, a.strength) and "backward" or "none"
  elseif weaker(a.strength, b.strength) then
    self.direction = stronger(s, a.strength) and "backward" or "none"
  else
    self.direction = stronger(s, b.strength) and "forward" or "none"
  end
end
function Binary:recalculate()
  local i, out = self:input(), self:output()
  out.strength = lower(self.strength, i.strength)
  out.stay = i.stay
  if out.stay then self:execute() end
end
local Equal, Scale = class(Binary), class(Binary)
function Equal:execute() self:output().value = self:input().value end
function Scale:addToGraph() Binary.addToGraph(self) self.scale:add(self) self.offset:add(self) end
function Scale:removeFromGraph() Binary.removeFromGraph(self) self.scale:remove(self) self.offset:remove(self) end
function Scale:markInputs(mark) self:input().mark = mark self.scale.mark = mark self.offset.mark = mark end
function Scale:inputsKnown(mark) return known(self:input(), mark) and known(self.scale, mark) and known(self.offset, mark) end
function Scale:execute()
  if self.direction == "forward" then
    self.b.value = self.a.value * self.scale.value + self.offset.value
  else
    self.a.value = floor((self.b.value - self.offset.value) / self.scale.value)
  end
end
function Scale:recalculate()
  local i, out = self:input(), self:output()
  out.strength = lower(self.strength, i.strength)
  out.stay = i.stay and self.scale.stay and self.offset.stay
  if out.stay then self:execute() end
end
local Planner = class()
function Planner:newMark() self.mark = self.mark + 1 return self.mark end
function Planner:incrementalAdd(c)
  local m = self:newMark()
  local overridden = c:satisfy(m, self)
  while overridden do overridden = overridden:satisfy(m, self) end
end
function Planner:incrementalRemove(c)
  local out = c:output()
  c:markUnsatisfied()
  c:removeFromGraph()
  local unsatisfied = self:removePropagateFrom(out)
  for i = unsatisfied.first, unsatisfied.last do self:incrementalAdd(unsatisfied[i]) end
end
function Planner:consuming(v, todo)
  local by, cs = v.determinedBy, v.constraints
  for i = cs.first, cs.last do
    local c = cs[i]
    if c ~= by and c:isSatisfied() then todo:append(c) end
  end
end
function Planner:propagate(c, m)
  local todo = list()
  todo:append(c)
  while not todo:isEmpty() do
    local d = todo:removeFirst()
    if d:output().mark == m then self:incrementalRemove(c) return false end
    d:recalculate()
    self:consuming(d:output(), todo)
  end
  return true
end
function Planner:removePropagateFrom(out)
  local unsatisfied, todo = list(), list()
  out.determinedBy = nil out.strength = weakest out.stay = true
  todo:append(out)
  while not todo:isEmpty() do
    local v = todo:removeFirst()
    local cs = v.constraints
    for i = cs.first, cs.last do if not cs[i]:isSatisfied() then unsatisfied:append(cs[i]) end end
    for i = cs.first, cs.last do
      local c = cs[i]
      if c ~= v.determinedBy and c:isSatisfied() then c:recalculate() todo:append(c:output()) end
    end
  end
  return unsatisfied
end
function Planner:planOf(constraint)
  local m, plan, todo = self:newMark(), list(), list()
  todo:append(constraint)
  while not todo:isEmpty() do
    local c = todo:removeFirst()
    if c:output().mark ~= m and c:inputsKnown(m) then
      plan:append(c)
      c:output().mark = m
      self:consuming(c:output(), todo)
    end
  end
  return plan
end
function Planner:change(v, value)
  local edit = unary(Edit, v, preferred, self)
  local plan = self:planOf(edit)
  for i = 1, 10 do
    v.value = value
    for j = plan.first, plan.last do plan[j]:execute() end
  end
  edit:destroy(self)
end
function Planner:chain(n)
  local first = variable(0)
  local previous = first
  for i = 1, n do
    local v = variable(0)
    setmetatable({ strength = required, a = previous, b = v }, Equal):addTo(self)
    previous = v
  end
  unary(Stay, previous, normal, self)
  for i = 1, 10 do
    self:change(first, i)
    if previous.value ~= i then error("the chain failed") end
  end
  return previous.value
end
function Planner:pairs(n)
  local scale, offset, sources, targets = variable(10), variable(1000), {}, {}
  for i = 1, n do
    local s, t = variable(i), variable(i)
    sources[i] = s targets[i] = t
    unary(Stay, s, normal, self)
    setmetatable({ strength = required, scale = scale, offset = offset, a = s, b = t }, Scale):addTo(self)
  end
  self:change(scale, 5)
  self:change(offset, 2000)
  self:change(sources[1], 17)
  local sum = 0
  for i = 1, n do sum = sum + targets[i].value end
  return sum
end
local function planner() return setmetatable({ mark = 1 }, Planner) end
local r
for i = 1, 60 do r = planner():chain(200) + planner():pairs(200) end
print(string.format("%d", r))
