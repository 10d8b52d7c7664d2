"""Aircraft that fly through a grid of cells, and the pairs that come too close."""
from math import cos, floor


class Point:
    def __init__(self, x, y, z): self.x, self.y, self.z = x, y, z

    def __add__(self, other): return Point(self.x + other.x, self.y + other.y, self.z + other.z)

    def __sub__(self, other): return Point(self.x - other.x, self.y - other.y, self.z - other.z)

    def scaled(self, f): return Point(self.x * f, self.y * f, self.z * f)

    def dot(self, other): return self.x * other.x + self.y * other.y + self.z * other.z


class TreeNode:
    def __init__(self, key, value, priority):
        self.key, self.value, self.priority = key, value, priority
        self.left = self.right = None


class TreeMap:
    def __init__(self): self.root, self.seed = None, 74755

    def get(self, key):
        node = self.root
        while node is not None:
            if node.key == key: return node.value
            node = node.left if key < node.key else node.right
        return None

    def __setitem__(self, key, value): self.root = self.insert(key, value, self.root)

    def insert(self, key, value, node):
        if node is None:
            self.seed = (self.seed * 1309 + 13849) % 65536
            return TreeNode(key, value, self.seed)
        if key == node.key:
            node.value = value
            return node
        if key < node.key:
            child = node.left = self.insert(key, value, node.left)
            if child.priority > node.priority:
                node.left, child.right = child.right, node
                return child
        else:
            child = node.right = self.insert(key, value, node.right)
            if child.priority > node.priority:
                node.right, child.left = child.left, node
                return child
        return node

    def for_each(self, action): self.for_each_from(self.root, action)

    def for_each_from(self, node, action):
        if node is None: return
        self.for_each_from(node.left, action)
        action(node.value)
        self.for_each_from(node.right, action)


class Motion:
    def __init__(self, sign, start, end): self.sign, self.start, self.end = sign, start, end

    def distance_to(self, other):
        """The square of the least distance while both fly."""
        start = self.start - other.start
        change = (self.end - self.start) - (other.end - other.start)
        a = change.dot(change)
        t = 0.0
        if a > 0.000001:
            t = (0.0 - start.dot(change)) / a
            if t < 0.0: t = 0.0
            if t > 1.0: t = 1.0
        start = start + change.scaled(t)
        return start.dot(start)


class Detector:
    def __init__(self): self.positions = TreeMap()

    def cell(self, a): return floor(a / 10.0)

    def enter(self, motion, p, cells):
        key = self.cell(p.x) * 1000 + self.cell(p.y)
        near = cells.get(key)
        if near is None: near = cells[key] = []
        near.append(motion)

    def handle(self, frame, n):
        cells, hits, time = TreeMap(), 0, frame / 10.0
        for i in range(1, n + 1):
            p = Point(time * 3.0 + i * 2.0, cos(time * i) * 5.0 + 100.0, (i % 4) * 2.0)
            old = self.positions.get(i)
            self.positions[i] = p
            self.enter(Motion(i, p if old is None else old, p), p, cells)

        def count(near):
            nonlocal hits
            for i, one in enumerate(near):
                for j in range(i + 1, len(near)):
                    if one.distance_to(near[j]) < 50.0: hits += 1

        cells.for_each(count)
        return hits


detector = Detector()
result = 0
for i in range(1, 401): result += detector.handle(i, 200)
print(result)
