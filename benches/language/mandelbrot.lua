local function mandelbrot(n)
  local sum = 0
  for y = 0, n - 1 do
    local ci = 2.0 * y / n - 1.0
    for x = 0, n - 1 do
      local cr = 2.0 * x / n - 1.5
      local zr, zi, zr2, zi2, rounds = 0.0, 0.0, 0.0, 0.0, 0
      while rounds < 50 and zr2 + zi2 < 4.0 do
        zi = 2.0 * zr * zi + ci
        zr = zr2 - zi2 + cr
        zr2 = zr * zr
        zi2 = zi * zi
        rounds = rounds + 1
      end
      sum = sum + rounds
    end
  end
  return sum
end
print(mandelbrot(750))
