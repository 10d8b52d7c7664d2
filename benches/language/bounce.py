"""Balls in a box."""


class Ball:
    def __init__(self, x, y, dx, dy):
        self.x, self.y, self.dx, self.dy = x, y, dx, dy

    def step(self):
        hit = False
        self.x += self.dx
        self.y += self.dy
        if self.x > 500: self.x, self.dx, hit = 500, 0 - abs(self.dx), True
        if self.x < 0: self.x, self.dx, hit = 0, abs(self.dx), True
        if self.y > 500: self.y, self.dy, hit = 500, 0 - abs(self.dy), True
        if self.y < 0: self.y, self.dy, hit = 0, abs(self.dy), True
        return hit


def run():
    seed, hits, balls = 74755, 0, []
    for _ in range(100):
        seed = (seed * 1309 + 13849) % 65536
        balls.append(Ball(seed % 500, seed % 499, seed % 300 - 150, seed % 301 - 150))
    for _ in range(50):
        for ball in balls:
            if ball.step(): hits += 1
    return hits


for _ in range(1500): result = run()
print(result)
