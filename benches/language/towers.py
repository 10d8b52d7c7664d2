"""The towers of Hanoi."""


class Disk:
    def __init__(self, size): self.size, self.next = size, None


class Towers:
    def push(self, disk, pile):
        top = self.piles[pile]
        if top is not None and disk.size >= top.size: raise ValueError("too big")
        disk.next = top
        self.piles[pile] = disk

    def pop(self, pile):
        top = self.piles[pile]
        if top is None: raise ValueError("empty")
        self.piles[pile] = top.next
        top.next = None
        return top

    def move_top(self, source, target):
        self.push(self.pop(source), target)
        self.moves += 1

    def move(self, n, source, target):
        if n == 1: return self.move_top(source, target)
        other = 6 - source - target
        self.move(n - 1, source, other)
        self.move_top(source, target)
        self.move(n - 1, other, target)

    def run(self):
        self.piles, self.moves = [None] * 4, 0
        for size in range(13, 0, -1): self.push(Disk(size), 1)
        self.move(13, 1, 2)
        return self.moves


towers = Towers()
for _ in range(200): result = towers.run()
print(result)
