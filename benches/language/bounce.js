// Balls in a box.
class Ball {
  constructor(x, y, dx, dy) { this.x = x; this.y = y; this.dx = dx; this.dy = dy; }
  step() {
    let hit = false;
    this.x += this.dx;
    this.y += this.dy;
    if (this.x > 500) { this.x = 500; this.dx = 0 - Math.abs(this.dx); hit = true; }
    if (this.x < 0) { this.x = 0; this.dx = Math.abs(this.dx); hit = true; }
    if (this.y > 500) { this.y = 500; this.dy = 0 - Math.abs(this.dy); hit = true; }
    if (this.y < 0) { this.y = 0; this.dy = Math.abs(this.dy); hit = true; }
    return hit;
  }
}
function run() {
  let seed = 74755, hits = 0;
  const balls = [];
  for (let i = 0; i < 100; i++) {
    seed = (seed * 1309 + 13849) % 65536;
    balls.push(new Ball(seed % 500, seed % 499, seed % 300 - 150, seed % 301 - 150));
  }
  for (let round = 0; round < 50; round++) for (const ball of balls) if (ball.step()) hits++;
  return hits;
}
let result;
for (let i = 0; i < 1500; i++) result = run();
console.log(result);
