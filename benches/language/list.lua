local Cell = {} Cell.__index = Cell
local function cell(value) return setmetatable({ value = value }, Cell) end
function Cell:length() if self.rest == nil then return 1 end return 1 + self.rest:length() end
local Lists = {} Lists.__index = Lists
function Lists:make(length)
  if length == 0 then return nil end
  local c = cell(length)
  c.rest = self:make(length - 1)
  return c
end
function Lists:isShorter(x, y)
  while y ~= nil do
    if x == nil then return true end
    x, y = x.rest, y.rest
  end
  return false
end
function Lists:tail(x, y, z)
  if self:isShorter(y, x) then
    return self:tail(self:tail(x.rest, y, z), self:tail(y.rest, z, x), self:tail(z.rest, x, y))
  end
  return z
end
function Lists:run() return self:tail(self:make(15), self:make(10), self:make(6)):length() end
local l, r = setmetatable({}, Lists)
for i = 1, 1000 do r = l:run() end
print(r)
