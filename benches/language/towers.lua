local Disk = {} Disk.__index = Disk
local Towers = {} Towers.__index = Towers
function Towers:push(disk, pile)
  local top = self.piles[pile]
  if top ~= nil and disk.size >= top.size then error("too big") end
  disk.next = top
  self.piles[pile] = disk
end
function Towers:pop(pile)
  local top = self.piles[pile]
  if top == nil then error("empty") end
  self.piles[pile] = top.next
  top.next = nil
  return top
end
function Towers:moveTop(from, to) self:push(self:pop(from), to) self.moves = self.moves + 1 end
function Towers:move(n, from, to)
  if n == 1 then return self:moveTop(from, to) end
  local other = 6 - from - to
  self:move(n - 1, from, other)
  self:moveTop(from, to)
  self:move(n - 1, other, to)
end
function Towers:run()
  self.piles, self.moves = {}, 0
  for i = 13, 1, -1 do self:push(setmetatable({ size = i }, Disk), 1) end
  self:move(13, 1, 2)
  return self.moves
end
local t, r = setmetatable({}, Towers)
for i = 1, 200 do r = t:run() end
print(r)
