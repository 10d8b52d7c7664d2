"""Rounds in which a point stays near, summed over a square."""


def mandelbrot(n):
    total = 0
    for y in range(n):
        ci = 2.0 * y / n - 1.0
        for x in range(n):
            cr = 2.0 * x / n - 1.5
            zr = zi = zr2 = zi2 = 0.0
            rounds = 0
            while rounds < 50 and zr2 + zi2 < 4.0:
                zi = 2.0 * zr * zi + ci
                zr = zr2 - zi2 + cr
                zr2 = zr * zr
                zi2 = zi * zi
                rounds += 1
            total += rounds
    return total


print(mandelbrot(750))
