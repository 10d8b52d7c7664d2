// All permutations of eight numbers.
class Permute {
  run() {
    this.count = 0;
    this.v = [0, 1, 2, 3, 4, 5, 6, 7];
    this.permute(8);
    return this.count;
  }
  permute(n) {
    this.count++;
    if (n === 0) return;
    this.permute(n - 1);
    for (let i = n; i >= 1; i--) {
      this.swap(n - 1, i - 1);
      this.permute(n - 1);
      this.swap(n - 1, i - 1);
    }
  }
  swap(i, j) { const t = this.v[i]; this.v[i] = this.v[j]; this.v[j] = t; }
}
const permute = new Permute();
let result;
for (let i = 0; i < 40; i++) result = permute.run();
console.log(result);
