"""mutants.py - changes the arithmetic of the library, one place at a time, and asks whether a test notices.

    python3 tests/mutants.py              60 mutants of seed 1
    python3 tests/mutants.py 200 7        200 mutants of seed 7
    python3 tests/mutants.py 20 1 time    of files whose path contains 'time'

A mutant is one source file with one operator swapped, one comparison off by one, one constant one larger, one
condition negated or one statement removed.  It is compiled into the check programs and the library, the fast
tests nearest to the file run first, and the first failure kills it.  The same seed gives the same mutants as
long as the sources are the same.

tests/mutants.txt lists mutants that no test can kill, or none should: 'FILE | LINE | MUTATED LINE | REASON';
'*' for the mutated line means every mutant of the line.  They are not sampled; an entry that is no mutant any
more is a failure.  The last lines are the survivors and the sums; fails when less than 90 % were killed.
"""
import concurrent.futures
import os
import pathlib
import random
import re
import resource
import shutil
import subprocess
import sys
import time

GOAL = 90.0
BUILD = pathlib.Path('build/mutants')
LIST = 'tests/mutants.txt'
CC = os.environ.get('CC', 'cc')
FLAGS = ('-std=c11 -fPIC -fvisibility=hidden -ffp-contract=off -fno-math-errno -w -O1 -DNDEBUG -Iext').split()
WORKERS = 2
MEMORY_MAX = 6 << 30

# The tests that know a file best, in the order in which they run; golden tests by name, '' for all of them.
KILLERS = {
    'ext/stat/': ['check_stat', 'golden:', 'check_sql'],
    'ext/time/': ['check_time', 'golden:', 'check_sql'],
    'ext/model/': ['check_model', 'golden:clv', 'golden:', 'check_sql', 'check_faults'],
    'ext/data/': ['check_data', 'golden:', 'check_sql', 'check_laws', 'check_faults'],
    'ext/fn/': ['golden:*', 'golden:', 'check_data', 'check_sql', 'check_laws', 'check_faults'],
}
LIBRARY_TESTS = ('check_sql', 'check_laws')  # these only load the library,
LOADS = LIBRARY_TESTS + ('check_data', 'check_faults')  # these load it, too

# ---- Mutants ----

SWAPS = {'+': '-', '-': '+', '*': '/', '/': '*', '%': '*', '+=': '-=', '-=': '+=', '*=': '/=', '/=': '*=',
         '<': '<=', '<=': '<', '>': '>=', '>=': '>', '==': '!=', '!=': '==', '&&': '||', '||': '&&'}
OPERATOR = re.compile(r' (\+=|-=|\*=|/=|<=|>=|==|!=|&&|\|\||[-+*/%<>]) ')
CONSTANT = re.compile(r'(?<![\w.])(\d+(?:\.\d+)?)(?![\w.])')
DECLARED_SIZE = re.compile(r'^\s+(?:static |const )*(?:[A-Z]\w*|double|int|int\d+_t|uint\d+_t|bool|char) [^=;]*\[$')  # more is no mistake
STATEMENT = re.compile(r'^\s+(?:[a-z_][\w.\->\[\]]*(?: [-+*/]?= .*|\(.*\)|\+\+|--)|\+\+\w+|continue|break);$')


def mask(text):
    """The text with comments, literals and directives as blanks of the same length."""
    pattern = r'/\*.*?\*/|"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'|^#(?:[^\n]*\\\n)*[^\n]*'
    blank = lambda match: re.sub(r'[^\n]', ' ', match.group())
    return re.sub(pattern, blank, text, flags=re.S | re.M)


def function_lines(masked):
    """Numbers of the lines inside function bodies."""
    inside, depth, is_body = [], 0, False
    for number, line in enumerate(masked.split('\n')):
        if depth == 0 and line.rstrip().endswith('{'):
            is_body = line.rstrip().endswith(') {')
        elif depth > 0 and is_body:
            inside.append(number)
        depth += line.count('{') - line.count('}')
    return inside


def closing(text, start):
    depth = 0
    for i in range(start, len(text)):
        depth += (text[i] == '(') - (text[i] == ')')
        if depth == 0:
            return i
    return -1


def line_mutants(line, masked):
    """Every (kind, mutated line) of a line."""
    if masked.strip().startswith(('case ', 'static const', 'default:', 'assert(')):
        return
    for match in OPERATOR.finditer(masked):
        swap = SWAPS[match.group(1)]
        if match.group(1) == '*' and re.search(r'\b(?:const|[A-Z]\w*[a-z]\w*|char|double|int\w*_t|void)$',
                                               masked[:match.start()]):
            continue
        yield 'operator', line[:match.start(1)] + swap + line[match.end(1):]
    for match in CONSTANT.finditer(masked):
        if DECLARED_SIZE.search(masked[:match.start()]):
            continue
        value = match.group()
        larger = str(int(value) + 1) if value.isdigit() else repr(float(value) + 1)
        yield 'constant', line[:match.start()] + larger + line[match.end():]
    for match in re.finditer(r'\b(?:if|while) \(', masked):
        end = closing(masked, match.end() - 1)
        if end > 0:
            yield 'condition', f'{line[:match.end()]}!({line[match.end():end]}){line[end:]}'
    if STATEMENT.match(masked) and masked.count('(') == masked.count(')'):
        yield 'statement', re.match(r'\s*', line).group() + ';'


def all_mutants(part):
    """[(file, line number, line, kind, mutated line)], in a fixed order."""
    files = [f for room in ('fn', 'model', 'stat', 'time') for f in sorted(pathlib.Path('ext', room).glob('*.c'))]
    files.append(pathlib.Path('ext/data/book.c'))
    for file in files:
        if part not in str(file):
            continue
        text = file.read_text(encoding='utf-8')
        masked = mask(text)
        lines, blanks = text.split('\n'), masked.split('\n')
        for number in function_lines(masked):
            # The second line of a statement is none.
            whole = blanks[number - 1].rstrip().endswith((';', '{', '}')) or not blanks[number - 1].strip()
            for kind, mutated in line_mutants(lines[number], blanks[number]):
                if kind != 'statement' or whole:
                    yield str(file), number, lines[number], kind, mutated


def read_list(mutants):
    """The mutants that are listed, and what is wrong with the list."""
    known = {(m[0], m[2].strip(), m[4].strip()) for m in mutants}
    known |= {(file, line, '*') for file, line, _ in known}
    listed, wrong = set(), []
    for number, text in enumerate(open(LIST, encoding='utf-8'), 1):
        if not text.strip() or text.startswith('#'):
            continue
        parts = [part.strip() for part in text.split(' | ')]
        if len(parts) != 4 or not all(parts):
            wrong.append(f'{LIST}:{number}: not FILE | LINE | MUTATED LINE | REASON')
        elif tuple(parts[:3]) not in known:
            wrong.append(f'{LIST}:{number}: no mutant any more: {parts[0]}: {parts[2]}')
        else:
            listed.add(tuple(parts[:3]))
    return listed, wrong


# ---- Building and testing ----

def run(command, env=None, seconds=600):
    """Exit code and output; a code of its own for one that did not end."""
    limit = lambda: resource.setrlimit(resource.RLIMIT_AS, (MEMORY_MAX, MEMORY_MAX))
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, preexec_fn=limit,
                               stdin=subprocess.DEVNULL, env={**os.environ, **(env or {})}, start_new_session=True)
    try:
        return process.communicate(timeout=seconds)[0].decode(errors='replace'), process.returncode
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, 9)
        process.communicate()
        return 'did not end', -1


class Bench:
    """A folder in which mutants are built and tested, one after another."""

    def __init__(self, folder, base):
        self.folder, self.base = folder, base
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)

    def compile(self, source, where, core):
        flags = FLAGS + (['-DSQLITE_CORE'] if core else []) + [f'-I{where.parent}']
        target = self.folder / ('core.o' if core else 'library.o')
        text, code = run([CC, *flags, '-c', '-o', str(target), str(source)])
        return None if code else target

    def link(self, test, mutant):
        """The program or library of a test with the mutant's object in place of the file's own."""
        core = test.startswith('check_') and test not in LIBRARY_TESTS
        room = 'core/ext' if core else 'ext'
        objects = [str(o) for o in sorted((self.base / room).rglob('*.o'))]
        if mutant:
            own = str(self.base / room / pathlib.Path(mutant[0]).relative_to('ext').with_suffix('.o'))
            objects[objects.index(own)] = str(self.folder / ('core.o' if core else 'library.o'))
        if core:
            target = self.folder / test
            packages = {'check_math': 'gsl', 'check_time': 'icu-i18n icu-uc'}.get(test, '').split()
            libraries = subprocess.check_output(['pkg-config', '--libs', 'check', *packages], text=True).split()
            parts = [str(o) for o in sorted((self.base / 'tests').glob('*.o'))
                     if o.stem == test or not o.stem.startswith('check_')]
            command = [CC, '-o', str(target), *parts, *objects, *libraries, '-lsqlite3', '-lpthread', '-ldl', '-lm']
        else:
            target = self.folder / 'retain.so'
            command = [CC, '-shared', '-o', str(target), *objects, '-lm']
        text, code = run(command)
        if code:
            sys.exit(f'{test} does not link:\n{text}')
        return target

    def test(self, test, mutant, seconds):
        """True when the test fails: it has killed the mutant."""
        if test in LOADS:
            self.link('golden:', mutant)
        program = self.link(test, mutant)
        env = {'CK_FORK': 'yes' if test == 'check_faults' else 'no', 'RETAIN_LIBRARY': str((self.folder / 'retain.so').resolve())}
        if test.startswith('golden:'):
            names = test[len('golden:'):].split()
            return run(['sh', 'tests/golden.sh', *names], env, seconds)[1] != 0
        if test in LIBRARY_TESTS:
            program = self.base / 'tests' / test
        return run([str(program)], env, seconds)[1] != 0

    def verdict(self, mutant, seconds):
        file, number, _, _, mutated = mutant
        lines = pathlib.Path(file).read_text(encoding='utf-8').split('\n')
        lines[number] = mutated
        source = self.folder / 'mutant.c'
        source.write_text('\n'.join(lines), encoding='utf-8')
        for core in (True, False):
            if not self.compile(source, pathlib.Path(file), core):
                return 'compiler'
        for test in killers(file):
            if self.test(test, mutant, seconds[test]):
                return test
        return None


def killers(file):
    room = next(tests for start, tests in KILLERS.items() if file.startswith(start))
    stem = pathlib.Path(file).stem.split('_bounds')[0]
    own = ' '.join(sorted(p.stem for p in pathlib.Path('tests/golden').glob(f'{stem}*.sql')))
    tests = [test.replace('*', own) for test in room]
    return [t for i, t in enumerate(tests) if t not in tests[:i]]


def build_base():
    make = os.environ.get('MAKE', 'make')
    base = BUILD / 'base'
    tests = sorted({t for tests in KILLERS.values() for t in tests if t.startswith('check_')})
    targets = ['objects', 'core', *(f'{base}/tests/{t}' for t in tests)]
    text, code = run([make, '-s', '-j2', f'BUILD={base}', 'CFLAGS=-O1 -DNDEBUG', *targets])
    if code:
        sys.exit(f'does not build:\n{text}')
    return base


def baseline(base, files):
    """Seconds that each test may take; the unchanged sources must pass them all."""
    bench = Bench(BUILD / 'baseline', base)
    seconds = {}
    for test in sorted({t for file in files for t in killers(file)}):
        start = time.monotonic()
        if bench.test(test, None, 600):
            sys.exit(f'{test} fails without a mutant')
        seconds[test] = 20 + 5 * (time.monotonic() - start)
    return seconds


def main(count='60', seed='1', part=''):
    mutants = list(all_mutants(part))
    listed, wrong = read_list(list(all_mutants('')))
    # Drawn from all and listed ones left out, so that a longer list does not change the others.
    order = random.Random(int(seed)).sample(mutants, len(mutants))
    candidates = [m for m in order
                  if not listed & {(m[0], m[2].strip(), m[4].strip()), (m[0], m[2].strip(), '*')}]
    sample = candidates[:int(count)]
    base = build_base()
    seconds = baseline(base, {m[0] for m in sample})
    benches = [Bench(BUILD / f'bench{i}', base) for i in range(WORKERS)]

    def judge(mutant):
        bench = benches.pop()
        try:
            return bench.verdict(mutant, seconds)
        finally:
            benches.append(bench)

    killed, stillborn, survivors, by = 0, 0, [], {}
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        for mutant, killer in zip(sample, pool.map(judge, sample)):
            file, number, line, kind, mutated = mutant
            if killer == 'compiler':
                stillborn += 1
                continue
            killed += killer is not None
            name = (killer or 'nobody').split(':')[0]
            by[name] = by.get(name, 0) + 1
            if not killer:
                survivors.append(mutant)
                print(f'survived: {file}:{number + 1}: {kind}\n    - {line.strip()}\n    + {mutated.strip()}',
                      flush=True)
    for what in wrong:
        print(what)
    alive = len(sample) - stillborn
    share = 100.0 * killed / alive if alive else 0
    print('killed by ' + ', '.join(f'{name} {n}' for name, n in sorted(by.items()) if name != 'nobody'))
    print(f'mutants: {len(mutants)} possible, {len(mutants) - len(candidates)} listed as equivalent, seed {seed}: {len(sample)} sampled, '
          f'{stillborn} not compiled, {killed} of {alive} killed ({share:.1f} %), {len(survivors)} survived')
    return bool(wrong) or share < GOAL


sys.exit(main(*sys.argv[1:]))
