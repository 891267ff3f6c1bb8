#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Counts the sub-tests of a meson test run (testlog.json) and ends with "N passed, N failed"."""

import json
import re
import sys

LINE = re.compile(r'^\s*(ok|not ok)\b\s*(?:\d+)?\s*-?\s*(.*)$')


def count(entry):
    """(passed, skipped, names of the failed) of one test program."""
    passed, skipped, failed = 0, 0, []
    for line in entry.get('stdout', '').splitlines():
        match = LINE.match(line)
        if not match:
            continue
        if '# SKIP' in line.upper():
            skipped += 1
        elif match[1] == 'ok':
            passed += 1
        else:
            failed.append(f'{entry["name"]}: {match[2]}')
    if entry['result'] == 'SKIP' and not skipped:
        skipped = 1
    elif entry['result'] in ('OK', 'EXPECTEDFAIL'):
        # A program without TAP is one test.
        passed = passed or (0 if skipped else 1)
    elif entry['result'] != 'SKIP' and not failed:
        status = f', exit status {entry["returncode"]}' if 'returncode' in entry else ''
        failed.append(f'{entry["name"]}: {entry["result"].lower()}{status}')
    return passed, skipped, failed


def read(path):
    try:
        with open(path, encoding='utf-8', errors='replace') as file:
            return [json.loads(line) for line in file]
    except FileNotFoundError:
        return [{'name': path, 'result': 'ERROR: it was never written, so nothing has run'}]


def main(paths):
    passed, skipped, failed, comments = 0, 0, [], []
    for entry in [entry for path in paths for entry in read(path)]:
        more = count(entry)
        passed, skipped, failed = passed + more[0], skipped + more[1], failed + more[2]
        if more[2]:
            # What a TAP program says of its failure stands in comments, which meson does not print.
            comments += [f'{entry["name"]}: {text}' for text in entry.get('stdout', '').splitlines()
                         if text.lstrip().startswith(('#', 'Bail out'))][-40:]
    for text in comments:
        print(text)
    for name in failed:
        print(f'FAILED {name}')
    if skipped:
        print(f'{skipped} skipped')
    print(f'{passed} passed, {len(failed)} failed')
    return 1 if failed or not passed else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
