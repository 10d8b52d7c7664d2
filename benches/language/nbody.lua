local Body = {} Body.__index = Body
function Body:kick(a, b, c, f) self.vx = self.vx - a * f self.vy = self.vy - b * f self.vz = self.vz - c * f end
function Body:drift(dt) self.x = self.x + self.vx * dt self.y = self.y + self.vy * dt self.z = self.z + self.vz * dt end
local bodies = {}
for i = 1, 5 do
  bodies[i] = setmetatable({ x = i * 1.5, y = 2.0 - i * 0.7, z = i * 0.31, vx = 0.1 * i, vy = 0.2 - 0.05 * i,
    vz = 0.01 * i, mass = 1.0 / i }, Body)
end
local sqrt = math.sqrt
local function advance(dt)
  for i = 1, 5 do
    local a = bodies[i]
    for j = i + 1, 5 do
      local b = bodies[j]
      local dx, dy, dz = a.x - b.x, a.y - b.y, a.z - b.z
      local d2 = dx * dx + dy * dy + dz * dz + 0.01
      local mag = dt / (d2 * sqrt(d2))
      a:kick(dx, dy, dz, b.mass * mag)
      b:kick(dx, dy, dz, 0.0 - a.mass * mag)
    end
  end
  for i = 1, 5 do bodies[i]:drift(dt) end
end
for i = 1, 250000 do advance(0.001) end
local e = 0.0
for i = 1, 5 do local b = bodies[i] e = e + b.mass * (b.vx * b.vx + b.vy * b.vy) end
print(math.floor(e * 1000000))
