"""Linked lists, and a recursion that compares their lengths."""


class Cell:
    def __init__(self, value): self.value, self.rest = value, None

    def length(self): return 1 if self.rest is None else 1 + self.rest.length()


class Lists:
    def make(self, length):
        if length == 0: return None
        cell = Cell(length)
        cell.rest = self.make(length - 1)
        return cell

    def is_shorter(self, x, y):
        while y is not None:
            if x is None: return True
            x, y = x.rest, y.rest
        return False

    def tail(self, x, y, z):
        if self.is_shorter(y, x):
            return self.tail(self.tail(x.rest, y, z), self.tail(y.rest, z, x), self.tail(z.rest, x, y))
        return z

    def run(self): return self.tail(self.make(15), self.make(10), self.make(6)).length()


lists = Lists()
for _ in range(1000): result = lists.run()
print(result)
