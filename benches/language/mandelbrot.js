// Rounds in which a point stays near, summed over a square.
function mandelbrot(n) {
  let sum = 0;
  for (let y = 0; y < n; y++) {
    const ci = (2.0 * y) / n - 1.0;
    for (let x = 0; x < n; x++) {
      const cr = (2.0 * x) / n - 1.5;
      let zr = 0.0, zi = 0.0, zr2 = 0.0, zi2 = 0.0, rounds = 0;
      while (rounds < 50 && zr2 + zi2 < 4.0) {
        zi = 2.0 * zr * zi + ci;
        zr = zr2 - zi2 + cr;
        zr2 = zr * zr;
        zi2 = zi * zi;
        rounds++;
      }
      sum += rounds;
    }
  }
  return sum;
}
console.log(mandelbrot(750));
