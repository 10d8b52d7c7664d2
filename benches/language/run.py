#!/usr/bin/env python3
"""Runs every program of this folder in every language it is written in, pinned to one core.

Usage: run.py [--rounds N] [--ripley PATH] [PROGRAM…]

A figure is the least processor time of N rounds in milliseconds, start-up included. The last line
is the geometric mean of the times relative to LuaJIT's interpreter. Outputs must agree.
"""
import argparse, math, os, pathlib, resource, shutil, subprocess, sys

HERE = pathlib.Path(__file__).parent
parser = argparse.ArgumentParser()
parser.add_argument("--rounds", type=int, default=3)
parser.add_argument("--ripley", default=str(HERE / "../../target/release/ripley"))
parser.add_argument("--core", type=int, default=0)
parser.add_argument("programs", nargs="*")
options = parser.parse_args()

COLUMNS = [
    ("Ripley", [options.ripley], ".som"),
    ("LuaJIT", ["luajit"], ".lua"),
    ("LuaJIT -joff", ["luajit", "-joff"], ".lua"),
    ("Lua", ["lua5.4"], ".lua"),
    ("Node", ["node"], ".js"),
    ("Python", ["python3"], ".py"),
]
BASE = "LuaJIT -joff"
COLUMNS = [column for column in COLUMNS if shutil.which(column[1][0])]


def measure(command):
    """Processor time in milliseconds and standard output of one run."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, capture_output=True, text=True,
                          preexec_fn=lambda: os.sched_setaffinity(0, {options.core}))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}: {done.stderr}")
    spent = (after.ru_utime - before.ru_utime) + (after.ru_stime - before.ru_stime)
    return spent * 1000, done.stdout


names = options.programs or sorted({path.stem for path in HERE.glob("*.som")})
table = {}
for name in names:
    outputs = set()
    for title, command, suffix in COLUMNS:
        path = HERE / (name + suffix)
        if not path.exists():
            continue
        rounds = [measure(command + [str(path)]) for _ in range(options.rounds)]
        table[name, title] = min(time for time, _ in rounds)
        outputs.update(output for _, output in rounds)
    if len(outputs) != 1:
        sys.exit(f"{name}: the outputs differ: {outputs}")

titles = [title for title, _, _ in COLUMNS if any(key[1] == title for key in table)]
print("| ms | " + " | ".join(titles) + " |")
print("| --- |" + " ---: |" * len(titles))
for name in names:
    cells = [f"{table[name, title]:.0f}" if (name, title) in table else "" for title in titles]
    print(f"| {name} | " + " | ".join(cells) + " |")
means = []
for title in titles:
    ratios = [table[name, title] / table[name, BASE] for name in names if (name, title) in table]
    means.append(f"{math.exp(sum(map(math.log, ratios)) / len(ratios)):.2f}")
print("| geometric mean | " + " | ".join(means) + " |")
