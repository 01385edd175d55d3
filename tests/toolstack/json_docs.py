#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Holds what chaos prints as JSON against the tables of docs/json.md.

usage: json_docs.py DOCS-JSON.MD PROGRAM

PROGRAM is tests/toolstack/cli.c: it runs the verbs on a pretended Xen and keeps
each document in the directory that is its argument.
"""
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path


def read_tables(path):
    """{"list": {"domid": "number", ...}, ...}; a heading may name several."""
    tables, names = {}, []
    for line in Path(path).read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            names = [n.strip() for n in line[3:].split(",")]
            for name in names:
                tables[name] = {}
        row = re.match(r"\| (\w+) \| ([^|]+) \|", line)
        if row and row[1] != "member":
            for name in names:
                tables[name][row[1]] = row[2].strip()
    for name in "info", "list --long":
        tables[name] = tables["list"] | tables[name]
    return tables


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def check_value(tables, kind, value, where):
    """The complaints about a value."""
    if kind == "number":
        return [] if is_number(value) else [f"{where}: no number"]
    if kind == "string":
        return [] if isinstance(value, str) else [f"{where}: no string"]
    if kind == "boolean":
        return [] if isinstance(value, bool) else [f"{where}: no boolean"]
    if kind.startswith('"'):
        known = re.findall(r'"(\w+)"', kind)
        return [] if value in known else [f"{where}: {value!r} is new"]
    if kind == "map of number":
        if isinstance(value, dict) and all(map(is_number, value.values())):
            return []
        return [f"{where}: no map of numbers"]
    if kind == "object":
        return [] if isinstance(value, dict) else [f"{where}: no object"]
    if kind.startswith("list of "):
        if not isinstance(value, list):
            return [f"{where}: no list"]
        return [c for i, v in enumerate(value)
                for c in check_object(tables, kind[8:], v, f"{where}[{i}]")]
    return check_object(tables, kind, value, where)


def check_object(tables, table, value, where):
    if table not in tables:
        return [f"{where}: docs/json.md has no {table}"]
    if not isinstance(value, dict):
        return [f"{where}: no object"]
    members = tables[table]
    complaints = [f"{where}.{m}: not there" for m in members if m not in value]
    for member, v in value.items():
        if member in members:
            complaints += check_value(tables, members[member], v,
                                      f"{where}.{member}")
        else:
            complaints.append(f"{where}.{member}: not in docs/json.md")
    return complaints


def table_of(verb, value):
    if verb in ("create", "restore") and "dry_run" in value:
        return f"{verb} --dry-run"
    return "list --long" if verb == "list" and "vifs" in value else verb


def check_document(tables, verb, text):
    complaints = []
    for i, value in enumerate(json.loads(text)):
        where = f"{verb}[{i}]"
        if isinstance(value, dict) and list(value) == ["error"]:
            complaints += check_object(tables, "error", value["error"],
                                       f"{where}.error")
        else:
            complaints += check_object(tables, table_of(verb, value), value,
                                       where)
    return complaints


def test_checker(tables):
    """It is no test that cannot fail."""
    good = '[{"domid": 1, "name": "web"}]'
    bad = ['[{"domid": 1}]', '[{"domid": "1", "name": "web"}]', '[7]',
           '[{"domid": 1, "name": "web", "new": 1}]',
           '[{"domid": true, "name": "web"}]', '[{"error": {"code": "EIO"}}]']
    return (not check_document(tables, "pause", good) and
            all(check_document(tables, "pause", b) for b in bad) and
            bool(check_document(tables, "nonsense", good)))


def main():
    tables = read_tables(sys.argv[1])
    with tempfile.TemporaryDirectory() as keep:
        subprocess.run([sys.argv[2], keep], stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, check=True)
        documents = {}
        for path in sorted(Path(keep).iterdir()):
            verb = path.name.split(".")[0]
            documents.setdefault(verb, []).append(
                path.read_text(encoding="utf-8"))
    help_json = json.loads(documents["help"][0])
    verbs = sorted(v["verb"] for v in help_json if v["json"])
    # Nothing becomes of a domain here; tests/lab/events.test looks at those.
    verbs.remove("events")
    print(f"1..{len(verbs) + 1}")
    failed = not test_checker(tables)
    print(f"{'not ' if failed else ''}ok 1 - what is wrong is found")
    for n, verb in enumerate(verbs, 2):
        complaints = [c for text in documents.get(verb, [])
                      for c in check_document(tables, verb, text)]
        if verb not in documents:
            complaints = [f"no {verb} --json was tried"]
        print(f"{'not ' if complaints else ''}ok {n} - {verb} --json")
        for complaint in complaints:
            print(f"# {complaint}")
        failed |= bool(complaints)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
