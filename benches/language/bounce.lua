local Ball = {} Ball.__index = Ball
local abs, band = math.abs
function Ball:step()
  local hit = false
  self.x = self.x + self.dx
  self.y = self.y + self.dy
  if self.x > 500 then self.x = 500 self.dx = 0 - abs(self.dx) hit = true end
  if self.x < 0 then self.x = 0 self.dx = abs(self.dx) hit = true end
  if self.y > 500 then self.y = 500 self.dy = 0 - abs(self.dy) hit = true end
  if self.y < 0 then self.y = 0 self.dy = abs(self.dy) hit = true end
  return hit
end
local function run()
  local seed, hits, balls = 74755, 0, {}
  for i = 1, 100 do
    seed = (seed * 1309 + 13849) % 65536
    balls[i] = setmetatable({ x = seed % 500, y = seed % 499, dx = seed % 300 - 150, dy = seed % 301 - 150 }, Ball)
  end
  for _ = 1, 50 do
    for i = 1, 100 do if balls[i]:step() then hits = hits + 1 end end
  end
  return hits
end
local r
for i = 1, 1500 do r = run() end
print(r)
