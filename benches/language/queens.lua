local Queens = {} Queens.__index = Queens
local function filled(n) local t = {} for i = 1, n do t[i] = true end return t end
function Queens:solutions(size)
  self.rows, self.rising, self.falling = filled(size), filled(size * 2), filled(size * 2)
  return self:place(1, size)
end
function Queens:place(column, size)
  if column > size then return 1 end
  local found = 0
  for row = 1, size do
    if self:isFree(row, column, size) then
      self:set(row, column, size, false)
      found = found + self:place(column + 1, size)
      self:set(row, column, size, true)
    end
  end
  return found
end
function Queens:isFree(row, column, size)
  return self.rows[row] and self.rising[row + column] and self.falling[row - column + size]
end
function Queens:set(row, column, size, free)
  self.rows[row] = free
  self.rising[row + column] = free
  self.falling[row - column + size] = free
end
local q, r = setmetatable({}, Queens)
for i = 1, 10 do r = q:solutions(10) end
print(r)
