"""Loops of flow graphs by depth-first numbers and union-find."""
import sys
from collections import deque


class BasicBlock:
    def __init__(self, name): self.name, self.ins, self.outs = name, [], []


class Graph:
    def __init__(self): self.blocks = {}

    def __len__(self): return len(self.blocks)

    def block(self, name):
        block = self.blocks.get(name)
        if block is None: block = self.blocks[name] = BasicBlock(name)
        return block

    def edge(self, a, b):
        start, end = self.block(a), self.block(b)
        start.outs.append(end)
        end.ins.append(start)

    def chain(self, start, n):
        for i in range(start, start + n): self.edge(i, i + 1)
        return start + n

    def diamond(self, at):
        self.edge(at, at + 1)
        self.edge(at, at + 2)
        self.edge(at + 1, at + 3)
        self.edge(at + 2, at + 3)
        return at + 3

    def loop(self, at):
        top = self.chain(at, 1)
        bottom = self.chain(self.diamond(top), 1)
        self.edge(bottom, top)
        return self.chain(self.diamond(bottom), 1)


class UnionNode:
    def __init__(self, block, number):
        self.parent, self.block, self.number, self.loop = self, block, number, None

    def union(self, node): self.parent = node

    def find(self):
        nodes, node = [], self
        while node.parent is not node:
            if node.parent.parent is not node.parent: nodes.append(node)
            node = node.parent
        for each in nodes: each.union(node)
        return node


class Loop:
    def __init__(self, header): self.header, self.blocks, self.children = header, {header.name}, set()

    def add(self, block): self.blocks.add(block.name)

    def set_parent(self, loop):
        self.parent = loop
        loop.children.add(self)

    def __len__(self): return len(self.blocks) + len(self.children)


class Finder:
    def __init__(self, graph):
        self.graph, self.count, self.loops, self.numbers = graph, 0, [], {}
        self.nodes = [None] * (len(graph) + 1)
        self.ends = [0] * (len(graph) + 1)

    def number(self, block):
        self.count += 1
        here = self.count
        self.numbers[block.name] = here
        self.nodes[here] = UnionNode(block, here)
        for each in block.outs:
            if each.name not in self.numbers: self.number(each)
        self.ends[here] = self.count

    def is_above(self, w, v): return w <= v <= self.ends[w]

    def find(self):
        self.number(self.graph.block(0))
        for w in range(self.count, 0, -1): self.loop_at(w)
        return self.loops

    def loop_at(self, w):
        body, header = [], self.nodes[w]
        for each in header.block.ins:
            v = self.numbers[each.name]
            if self.is_above(w, v) and v != w: self.add(self.nodes[v].find(), body)
        if not body: return
        work = deque(body)
        while work:
            for each in work.popleft().block.ins:
                node = self.nodes[self.numbers[each.name]].find()
                if self.is_above(w, node.number) and node.number != w and not self.has(node, body):
                    body.append(node)
                    work.append(node)
        loop = Loop(header.block)
        self.loops.append(loop)
        header.loop = loop
        for node in body:
            node.union(header)
            if node.loop is None: loop.add(node.block)
            else: node.loop.set_parent(loop)

    def has(self, node, body): return node in body

    def add(self, node, body):
        if not self.has(node, body): body.append(node)


def build():
    graph = Graph()
    graph.edge(0, 1)
    at = 1
    for _ in range(10):
        top = at
        at = graph.chain(at, 1)
        for _ in range(10):
            inner = at
            at = graph.chain(at, 1)
            for _ in range(5): at = graph.loop(at)
            at = graph.chain(at, 1)
            graph.edge(at - 1, inner)
        graph.edge(at, top)
    return graph


sys.setrecursionlimit(20000)
graph = build()
for _ in range(24):
    loops = Finder(graph).find()
    total = 0
    for each in loops: total += len(each)
    result = len(loops) * 100000 + total
print(result)
