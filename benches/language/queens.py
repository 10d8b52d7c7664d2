"""Queens that do not threaten each other."""


class Queens:
    def solutions(self, size):
        self.rows = [True] * (size + 1)
        self.rising = [True] * (2 * size + 1)
        self.falling = [True] * (2 * size + 1)
        return self.place(1, size)

    def place(self, column, size):
        if column > size: return 1
        found = 0
        for row in range(1, size + 1):
            if self.is_free(row, column, size):
                self.set(row, column, size, False)
                found += self.place(column + 1, size)
                self.set(row, column, size, True)
        return found

    def is_free(self, row, column, size):
        return self.rows[row] and self.rising[row + column] and self.falling[row - column + size]

    def set(self, row, column, size, free):
        self.rows[row] = free
        self.rising[row + column] = free
        self.falling[row - column + size] = free


queens = Queens()
for _ in range(10): result = queens.solutions(10)
print(result)
