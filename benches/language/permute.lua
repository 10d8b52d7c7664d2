local Permute = {} Permute.__index = Permute
function Permute:run()
  self.count, self.v = 0, {}
  for i = 1, 8 do self.v[i] = i end
  self:permute(8)
  return self.count
end
function Permute:permute(n)
  self.count = self.count + 1
  if n ~= 0 then
    self:permute(n - 1)
    for i = n, 1, -1 do
      self:swap(n, i)
      self:permute(n - 1)
      self:swap(n, i)
    end
  end
end
function Permute:swap(i, j) local v = self.v; local t = v[i]; v[i] = v[j]; v[j] = t end
local p, r = setmetatable({}, Permute)
for i = 1, 40 do r = p:run() end
print(r)
