"""Trees of lists."""


def tree(depth):
    global count
    count += 1
    node = [None] * 4
    if depth > 1:
        for i in range(4): node[i] = tree(depth - 1)
    return node


for _ in range(100):
    count = 0
    tree(8)
print(count)
