"""coverage.py - adds up gcov's counts of a build folder and compares what is missing with a list.

    python3 tests/coverage.py build/coverage tests/uncovered.txt

Prints lines and branches per file of ext/ and in total, then every line that was not reached and every
branch that was not taken unless the list excuses it.  Fails when there is one, when an entry of the list
excuses nothing, and when a total is below its goal.
"""
import collections
import fnmatch
import json
import pathlib
import subprocess
import sys

LINES_GOAL = 95.0
BRANCHES_GOAL = 90.0


def gcov_files(folder):
    """What gcov says of each object's sources in ext/."""
    for counts in sorted(pathlib.Path(folder).rglob('*.gcno')):
        if '/ext/' not in str(counts):
            continue
        shown = subprocess.run(['gcov', '--json-format', '--branch-probabilities', '--stdout', str(counts)],
                               capture_output=True, check=True, text=True).stdout
        for text in shown.splitlines():
            for source in json.loads(text)['files']:
                if source['file'].startswith('ext/'):
                    yield source['file'], source['lines']


def add_up(folder):
    """{file: {line: [count, [count of each branch]]}}; a source that is in several objects is one."""
    files = collections.defaultdict(dict)
    for name, lines in gcov_files(folder):
        # Inlined copies of a line and repeated functions come as several records of one object.
        seen = collections.defaultdict(lambda: [0, []])
        for line in lines:
            record = seen[line['line_number']]
            record[0] += line['count']
            record[1] += [branch['count'] for branch in line['branches']]
        for number, (count, branches) in seen.items():
            total = files[name].setdefault(number, [0, []])
            total[0] += count
            longer = max(len(total[1]), len(branches))
            pad = [total[1] + [0] * (longer - len(total[1])), branches + [0] * (longer - len(branches))]
            total[1] = [a + b for a, b in zip(*pad)]
    return files


def read_list(path):
    """Entries 'FILE | part of the line | kind | reason'; a '#' begins a comment line, FILE may have '*'s.

    The kind is line, branch, or timing: a branch that some runs take, which is never too much."""
    entries = []
    for number, text in enumerate(open(path, encoding='utf-8'), 1):
        if text.strip() and not text.startswith('#'):
            parts = [part.strip() for part in text.split(' | ')]
            if len(parts) != 4 or parts[2] not in ('line', 'branch', 'timing') or not all(parts):
                sys.exit(f'{path}:{number}: not FILE | TEXT | line, branch or timing | REASON')
            entries.append(parts + [number, 0])
    return entries


def excused(entries, name, text, kind):
    found = False
    for entry in entries:
        if fnmatch.fnmatchcase(name, entry[0]) and entry[1] in text and (kind == 'branch' or entry[2] == 'line'):
            entry[5] += 1
            found = True
    return found


def percent(part, whole):
    return 100.0 * part / whole if whole else 100.0


def main(folder, list_path):
    files = add_up(folder)
    if not files:
        sys.exit(f'{folder}: nothing was counted')
    entries = read_list(list_path)
    missing, sums = [], [0, 0, 0, 0]
    print(f'{"":32}{"lines":>14}{"":8}{"branches":>15}')
    for name in sorted(files):
        source = open(name, encoding='utf-8').read().splitlines()
        lines = files[name]
        n = [len(lines), sum(count > 0 for count, _ in lines.values()),
             sum(len(branches) for _, branches in lines.values()),
             sum(b > 0 for _, branches in lines.values() for b in branches)]
        sums = [a + b for a, b in zip(sums, n)]
        print(f'{name:32}{n[1]:6} of {n[0]:4} {percent(n[1], n[0]):6.1f}%{n[3]:7} of {n[2]:4} '
              f'{percent(n[3], n[2]):6.1f}%')
        for number, (count, branches) in sorted(lines.items()):
            text = source[number - 1].strip()
            if count == 0 and not excused(entries, name, text, 'line'):
                missing.append(f'{name}:{number}: not reached: {text}')
            elif count > 0 and 0 in branches and not excused(entries, name, text, 'branch'):
                missing.append(f'{name}:{number}: {branches.count(0)} of {len(branches)} branches not taken '
                               f'({"".join("-" if b == 0 else "+" for b in branches)}): {text}')
    lines, branches = percent(sums[1], sums[0]), percent(sums[3], sums[2])
    print(f'{"all":32}{sums[1]:6} of {sums[0]:4} {lines:6.2f}%{sums[3]:7} of {sums[2]:4} {branches:6.2f}%')
    missing += [f'{list_path}:{e[4]}: excuses nothing any more: {e[0]}: {e[1]}' for e in entries
                if not e[5] and e[2] != 'timing']
    for what in missing:
        print(what)
    print(f'{len(missing)} not in {list_path}; {sum(e[5] for e in entries)} lines excused there')
    return bool(missing) or lines < LINES_GOAL or branches < BRANCHES_GOAL


sys.exit(main(*sys.argv[1:]))
