// Primes by crossing out.
function primes(limit) {
  const isPrime = new Array(limit + 1).fill(true);
  let count = 0;
  for (let i = 2; i <= limit; i++) {
    if (isPrime[i]) {
      count++;
      for (let multiple = i + i; multiple <= limit; multiple += i) isPrime[multiple] = false;
    }
  }
  return count;
}
let count = 0;
for (let round = 0; round < 1500; round++) count = primes(20000);
console.log(count);
