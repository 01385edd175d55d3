#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Does the manual tell of every verb and option that the command has?

usage: man_docs.py CHAOS.1 CHAOS
"""
import json
import re
import subprocess
import sys


def read_sections(path):
    """The text of each .SS, by its first word."""
    sections, name, last = {}, None, ""
    with open(path, encoding="utf-8") as man:
        for line in man:
            line = line.replace("\\-", "-")
            if line.startswith(".SH"):
                name = None
            if line.startswith(".SS "):
                name = line.split()[1]
                if name < last:
                    print(f"# .SS {name} comes after .SS {last}")
                    sections["out of order"] = ""
                last = name
                sections[name] = ""
            if name:
                sections[name] += line
    return sections


def complaints_about(verb, sections):
    if verb["verb"] not in sections:
        return [f"chaos.1 has no .SS {verb['verb']}"]
    text = sections[verb["verb"]]
    return [f"its .SS says nothing of --{o['name']}" for o in verb["options"]
            if not re.search(rf"--{o['name']}\b", text)]


def main():
    sections = read_sections(sys.argv[1])
    verbs = json.loads(subprocess.run([sys.argv[2], "help", "--json"],
                                      stdout=subprocess.PIPE,
                                      check=True).stdout)
    names = {v["verb"] for v in verbs}
    failed = False
    print(f"1..{len(verbs) + 1}")
    for n, verb in enumerate(verbs, 1):
        complaints = complaints_about(verb, sections)
        print(f"{'not ' if complaints else ''}ok {n} - {verb['verb']}")
        for complaint in complaints:
            print(f"# {complaint}")
        failed |= bool(complaints)
    unknown = sorted(set(sections) - names)
    print(f"{'not ' if unknown else ''}ok {len(verbs) + 1} - nothing else, "
          "in order of the alphabet")
    if unknown:
        print("#", *unknown)
    sys.exit(1 if failed or unknown else 0)


if __name__ == "__main__":
    main()
