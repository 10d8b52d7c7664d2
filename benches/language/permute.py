"""All permutations of eight numbers."""


class Permute:
    def run(self):
        self.count, self.v = 0, list(range(8))
        self.permute(8)
        return self.count

    def permute(self, n):
        self.count += 1
        if n == 0: return
        self.permute(n - 1)
        for i in range(n, 0, -1):
            self.swap(n - 1, i - 1)
            self.permute(n - 1)
            self.swap(n - 1, i - 1)

    def swap(self, i, j):
        v = self.v
        v[i], v[j] = v[j], v[i]


permute = Permute()
for _ in range(40): result = permute.run()
print(result)
