"""Primes by crossing out."""


def primes(limit):
    is_prime = [True] * (limit + 1)
    count = 0
    for i in range(2, limit + 1):
        if is_prime[i]:
            count += 1
            for multiple in range(i + i, limit + 1, i): is_prime[multiple] = False
    return count


for _ in range(1500): count = primes(20000)
print(count)
