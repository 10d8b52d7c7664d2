// Five bodies that attract each other.
class Body {
  constructor(i) {
    this.x = i * 1.5; this.y = 2.0 - i * 0.7; this.z = i * 0.31;
    this.vx = 0.1 * i; this.vy = 0.2 - 0.05 * i; this.vz = 0.01 * i;
    this.mass = 1.0 / i;
  }
  kick(a, b, c, f) { this.vx -= a * f; this.vy -= b * f; this.vz -= c * f; }
  drift(dt) { this.x += this.vx * dt; this.y += this.vy * dt; this.z += this.vz * dt; }
}
const bodies = [1, 2, 3, 4, 5].map((i) => new Body(i));
function advance(dt) {
  for (let i = 0; i < 5; i++) {
    const a = bodies[i];
    for (let j = i + 1; j < 5; j++) {
      const b = bodies[j];
      const dx = a.x - b.x, dy = a.y - b.y, dz = a.z - b.z;
      const d2 = dx * dx + dy * dy + dz * dz + 0.01;
      const mag = dt / (d2 * Math.sqrt(d2));
      a.kick(dx, dy, dz, b.mass * mag);
      b.kick(dx, dy, dz, 0.0 - a.mass * mag);
    }
  }
  for (const body of bodies) body.drift(dt);
}
for (let i = 0; i < 250000; i++) advance(0.001);
let energy = 0.0;
for (const b of bodies) energy += b.mass * (b.vx * b.vx + b.vy * b.vy);
console.log(Math.floor(energy * 1000000));
