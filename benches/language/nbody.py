"""Five bodies that attract each other."""
from math import floor, sqrt


class Body:
    def __init__(self, i):
        self.x, self.y, self.z = i * 1.5, 2.0 - i * 0.7, i * 0.31
        self.vx, self.vy, self.vz = 0.1 * i, 0.2 - 0.05 * i, 0.01 * i
        self.mass = 1.0 / i

    def kick(self, a, b, c, f):
        self.vx -= a * f
        self.vy -= b * f
        self.vz -= c * f

    def drift(self, dt):
        self.x += self.vx * dt
        self.y += self.vy * dt
        self.z += self.vz * dt


bodies = [Body(i) for i in range(1, 6)]


def advance(dt):
    for i in range(5):
        a = bodies[i]
        for j in range(i + 1, 5):
            b = bodies[j]
            dx, dy, dz = a.x - b.x, a.y - b.y, a.z - b.z
            d2 = dx * dx + dy * dy + dz * dz + 0.01
            mag = dt / (d2 * sqrt(d2))
            a.kick(dx, dy, dz, b.mass * mag)
            b.kick(dx, dy, dz, 0.0 - a.mass * mag)
    for body in bodies: body.drift(dt)


for _ in range(250000): advance(0.001)
energy = 0.0
for b in bodies: energy += b.mass * (b.vx * b.vx + b.vy * b.vy)
print(floor(energy * 1000000))
