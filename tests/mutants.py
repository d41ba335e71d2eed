"""mutants.py - changes the arithmetic of the library, one place at a time, and asks whether a test notices.

    python3 tests/mutants.py              60 mutants of seed 1
    python3 tests/mutants.py 200 7        200 mutants of seed 7
    python3 tests/mutants.py 20 1 time    of files whose path contains 'time'
    python3 tests/mutants.py all          every one
    python3 tests/mutants.py again        those that lived through the last run

A mutant is one source file with one operator swapped, one comparison off by one, one constant one larger, one
condition negated or one statement removed.  It is compiled into the check programs and the library; golden
tests and programs that name the file's functions run first, then those of functions that are built on the file, the
quick ones before the slow ones, then the first ones again under AddressSanitizer and UndefinedBehaviorSanitizer.
The first failure kills it.  The same seed gives the same mutants as long as the sources are the same.

tests/mutants.txt lists mutants that no test can kill, or none should: 'FILE | LINE | MUTATED LINE | REASON';
'*' for the mutated line means every mutant of the line, '...' anything.  They are not sampled; an entry that is no
mutant any more is a failure.  The last lines are the survivors, which also go to
build/mutants/survivors.txt, and the sums; fails when less than 90 % were killed.
"""
import collections
import concurrent.futures
import hashlib
import json
import os
import pathlib
import random
import re
import resource
import shutil
import subprocess
import sys
import threading

GOAL = 90.0
BUILD = pathlib.Path('build/mutants')
LIST = 'tests/mutants.txt'
LIVED = BUILD / 'survivors.txt'
SOURCE = BUILD / 'source'  # a copy, so that ext/ may change meanwhile
CC = os.environ.get('CC', 'cc')
MAKE = os.environ.get('MAKE', 'make')
FLAGS = '-std=c11 -fPIC -fvisibility=hidden -ffp-contract=off -fno-math-errno -w -DNDEBUG -Ibuild/mutants/source/ext'.split()
PLAIN = ['-O1']
SANITIZE = ['-O1', '-fno-omit-frame-pointer', '-fsanitize=address,undefined,float-cast-overflow',
            '-fno-sanitize-recover=all']
SANITIZE_ENV = {'ASAN_OPTIONS': 'detect_leaks=0', 'UBSAN_OPTIONS': 'halt_on_error=1'}
WORKERS = int(os.environ.get('MUTANT_WORKERS', '2'))
MEMORY_MAX = 4 << 30

# Of the check programs these say nothing about arithmetic, or need a process for each of their tests; and these take
# their statements from retain_help, so they name every function.
OTHERS = {'check_base', 'check_faults', 'check_limits', 'check_math', 'check_threads'}
GENERAL = {'check_api', 'check_laws', 'check_sql'}
SANITIZED_SECONDS = 10.0  # tests that take more do not look again under sanitizers
PACKAGES = {'check_math': 'gsl', 'check_time': 'icu-i18n icu-uc'}

# ---- Mutants ----

ROOMS = ('fn', 'model', 'stat', 'time', 'data')
WORDS = r'audit|finding|modeltext|remedy|row$|scan|source'  # of data/: they read and describe tables, and count little

SWAPS = {'+': '-', '-': '+', '*': '/', '/': '*', '%': '*', '+=': '-=', '-=': '+=', '*=': '/=', '/=': '*=',
         '<': '<=', '<=': '<', '>': '>=', '>=': '>', '==': '!=', '!=': '==', '&&': '||', '||': '&&'}
OPERATOR = re.compile(r' (\+=|-=|\*=|/=|<=|>=|==|!=|&&|\|\||[-+*/%<>]) ')
CONSTANT = re.compile(r'(?<![\w.])(\d+(?:\.\d+)?(?:e-\d+)?)(?![\w.])')
# More memory than is needed is no mistake.
DECLARED_SIZE = re.compile(r'^\s+(?:static |const )*(?:[A-Z]\w*|double|int|int\d+_t|uint\d+_t|bool|char) (?:[^;]*, )?\w+\[$')
ALLOCATED_SIZE = re.compile(r'\barena_alloc(?:_raw)?\([^;]*(?<!- )$')
# Comparisons that may as well admit equality: the largest so far or the smallest, the larger of two, the absolute value,
# the ratio to nothing, which is no number either way.
TIES = [re.compile(pattern) for pattern in (
    r'\bif \((?:.* && |.* \|\| )?(?P<a>\S.*) (?P<op>[<>]=?) (?P<b>\S.*)\) (?:(?P=b) = (?P=a)|(?P=a) = (?P=b));$',
    r'(?<![\w.>\])])(?P<a>[\w.]+(?:->\w+)*) (?P<op>[<>]=?) (?P<b>[\w.]+(?:->\w+)*) \? (?:(?P=a) : (?P=b)|(?P=b) : (?P=a))(?!\w)',
    r'(?<![\w.>\])])(?P<a>\w+) (?P<op>[<>]=?) 0 \? (?:-(?P=a) : (?P=a)|(?P=a) : -(?P=a))(?!\w)',
    r'(?<![\w.>\])])(?P<a>[\w.]+(?:->\w+)*) (?P<op>>) 0 \? [^?:*+]* / (?:\(double\))?(?P=a) : (?:\(double\))?NAN(?!\w)')]
LABEL = re.compile(r'^\s+case [^:?]*:')
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
    if masked.strip().startswith(('static const', 'assert(')):
        return
    masked = LABEL.sub(lambda label: ' ' * len(label.group()), masked)
    for match in OPERATOR.finditer(masked):
        swap = SWAPS[match.group(1)]
        if match.group(1) == '*' and re.search(r'\b(?:const|[A-Z]\w*[a-z]\w*|char|double|int\w*_t|void)$',
                                               masked[:match.start()]):
            continue
        if any(tie.span('op') == match.span(1) for pattern in TIES for tie in pattern.finditer(masked)):
            continue
        yield 'operator', line[:match.start(1)] + swap + line[match.end(1):]
    for match in CONSTANT.finditer(masked):
        before = masked[:match.start()]
        if ALLOCATED_SIZE.search(before) or DECLARED_SIZE.search(before) and before.count('(') == before.count(')'):
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


def all_mutants():
    """[(file, line number, line, kind, mutated line)], in a fixed order."""
    files = [f for room in ROOMS for f in sorted(pathlib.Path('ext', room).glob('*.c'))]
    for file in files:
        if file.parts[1] == 'data' and re.match(WORDS, file.stem):
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
    listed, wrong = set(), []
    for number, text in enumerate(open(LIST, encoding='utf-8'), 1):
        if not text.strip() or text.startswith('#'):
            continue
        parts = [part.strip() for part in text.split(' | ')]
        if len(parts) != 4 or not all(parts):
            wrong.append(f'{LIST}:{number}: not FILE | LINE | MUTATED LINE | REASON')
            continue
        file, line, changed = (re.compile('.*'.join(re.escape(piece) for piece in part.split('...')))
                               for part in (*parts[:2], '...' if parts[2] == '*' else parts[2]))
        hits = [m for m in mutants if file.fullmatch(m[0]) and line.fullmatch(m[2].strip())
                and changed.fullmatch(m[4].strip())]
        if not hits:
            wrong.append(f'{LIST}:{number}: no mutant any more: {parts[0]}: {parts[2]}')
        listed.update(hits)
    return listed, wrong


# ---- Running ----

Result = collections.namedtuple('Result', 'code text seconds')


def run(command, env=None, seconds=600):
    """Runs to the end, or until one of its processes has used its seconds of the processor."""
    def limit():
        resource.setrlimit(resource.RLIMIT_CPU, (int(seconds) + 1, int(seconds) + 1))
        if not (env or {}).get('ASAN_OPTIONS'):
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY_MAX, MEMORY_MAX))
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, preexec_fn=limit,
                               stdin=subprocess.DEVNULL, env={**os.environ, **(env or {})}, start_new_session=True)
    try:
        text = process.communicate(timeout=20 + 20 * seconds)[0].decode(errors='replace')
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, 9)
        process.communicate()
        return Result(-1, 'did not end', seconds)
    return Result(process.returncode, text, 0)


def cpu_seconds(function):
    """What function returns, and what its processes took of the processor."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    result = function()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return result, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


# ---- Building ----

# A test is ('golden', name) or ('check', program); with a third part, 'sanitized', it runs under sanitizers.


class Base:
    """The unchanged objects, plain or sanitized, and what each program is linked from."""

    def __init__(self, folder, flags):
        self.folder, self.flags = folder, flags
        programs = sorted(p.stem for p in pathlib.Path('tests').glob('check_*.c'))
        self.programs = [p for p in programs if p not in OTHERS]
        targets = ['objects', 'core', *(f'{folder}/tests/{p}' for p in self.programs)]
        built = run([MAKE, '-s', '-j2', f'BUILD={folder}', f'CFLAGS={" ".join(flags)} -DNDEBUG', *targets])
        if built.code:
            sys.exit(f'does not build:\n{built.text}')
        core = sorted((folder / 'core').rglob('*.o'))
        self.archive = folder / 'core.a'
        self.archive.unlink(missing_ok=True)
        subprocess.check_call(['ar', 'rcs', str(self.archive), *map(str, core)])
        self.objects = [o for o in sorted((folder / 'ext').rglob('*.o')) if o.with_suffix('.c').relative_to(folder).exists()]
        defined = self.symbols(core, '--defined-only')
        self.needs_core = {p: bool(defined & self.symbols([folder / 'tests' / f'{p}.o'], '--undefined-only'))
                           for p in self.programs}
        # The first failed assertion ends a program.
        stop = folder / 'stop.c'
        stop.write_text('void _exit(int); void __wrap__ck_assert_failed(void) { _exit(1); }')
        subprocess.check_call([CC, *flags, '-c', '-o', str(folder / 'stop.o'), str(stop)])

    @staticmethod
    def symbols(objects, which):
        text = subprocess.check_output(['nm', which, '-j', *map(str, objects)], text=True)
        return {line for line in text.split('\n') if line and not line.endswith(':')}


class Bench:
    """A folder in which mutants are built and tested, one after another."""

    def __init__(self, folder, bases):
        self.folder, self.bases = folder, bases
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)

    def begin(self, mutant):
        self.mutant, self.built = mutant, {}
        if mutant:
            lines = (SOURCE / mutant[0]).read_text(encoding='utf-8').split('\n')
            lines[mutant[1]] = mutant[4]
            (self.folder / 'mutant.c').write_text('\n'.join(lines), encoding='utf-8')

    def object(self, base, core):
        """The mutant, compiled; None when it is no C."""
        def build():
            target = self.folder / f'{base.folder.name}{"_core" if core else ""}.o'
            flags = [*FLAGS, *base.flags, *(['-DSQLITE_CORE'] if core else []), f'-I{(SOURCE / self.mutant[0]).parent}']
            source = self.folder / 'mutant.c'
            return None if run([CC, *flags, '-c', '-o', str(target), str(source)]).code else target
        return self.once((base.folder, core, 'object'), build)

    def library(self, base):
        def build():
            objects = list(base.objects)
            if self.mutant:
                own = base.folder / pathlib.Path(self.mutant[0]).with_suffix('.o')
                objects[objects.index(own)] = self.object(base, False)
            target = self.folder / base.folder.name / 'retain.so'
            target.parent.mkdir(exist_ok=True)
            self.link(['-shared', '-o', str(target), *map(str, objects), '-lm'], base)
            return target.resolve()
        return self.once((base.folder, 'library'), build)

    def program(self, base, test):
        own = [self.object(base, True)] if self.mutant and base.needs_core[test] else []
        if self.mutant and not own and (base.folder, test) in self.kept:
            return self.kept[base.folder, test]
        libraries = subprocess.check_output(['pkg-config', '--libs', 'check', *PACKAGES.get(test, '').split()], text=True)
        parts = [o for o in sorted((base.folder / 'tests').glob('*.o')) if o.stem == test or not o.stem.startswith('check_')]
        target = self.folder / f'{base.folder.name}_{test}'
        objects = [*parts, base.folder / 'stop.o', *own, base.archive]
        self.link(['-Wl,--wrap=_ck_assert_failed', '-o', str(target), *map(str, objects), *libraries.split(), '-lsqlite3',
                   '-lpthread', '-ldl', '-lm'], base)
        if not own:
            self.kept[base.folder, test] = target
        return target

    kept = {}  # programs that only load the library are linked once

    def link(self, arguments, base):
        built = run([CC, *base.flags, *arguments])
        if built.code:
            sys.exit(f'{self.mutant} does not link:\n{built.text}')

    def once(self, key, build):
        if key not in self.built:
            self.built[key] = build()
        return self.built[key]

    def fails(self, test, seconds):
        """True when the test fails: it has killed the mutant."""
        base = self.bases[len(test) > 2]
        env = {'CK_FORK': 'no', 'RETAIN_LIBRARY': str(self.library(base)), **(SANITIZE_ENV if len(test) > 2 else {})}
        if test[0] == 'golden':
            if len(test) > 2:
                names = ('libasan.so', 'libubsan.so')
                env['GOLDEN_PRELOAD'] = ' '.join(
                    subprocess.check_output([CC, f'-print-file-name={n}'], text=True).strip() for n in names)
            return run(['sh', 'tests/golden.sh', test[1]], env, seconds).code != 0
        return run([str(self.program(base, test[1]))], env, seconds).code != 0

    def verdict(self, mutant, plan):
        self.begin(mutant)
        if not self.object(self.bases[0], False) or not self.object(self.bases[0], True):
            return 'compiler'
        for test in plan.tests(mutant[0]):
            if self.fails(test, plan.limit(test)):
                return test[1] if test[0] == 'check' else 'golden'
        return None


# ---- Which tests, in which order ----

def sql_names(file):
    """The names in SQL of the functions that a file of fn/ defines; else its stem."""
    text = pathlib.Path(file).read_text(encoding='utf-8')
    return set(re.findall(r'^const (?:Tvf|Scalar|Aggregate)Def \w+?_(\w+) = ', text, re.M)) or {pathlib.Path(file).stem}


def built_on():
    """By stem, the files of fn/ that include it, or what includes it."""
    includes = collections.defaultdict(set)
    for path in pathlib.Path('ext').glob('*/*.[ch]'):
        includes[path.stem] |= set(re.findall(r'^#include "\w+/(\w+)\.h"', path.read_text(encoding='utf-8'), re.M))
    users = collections.defaultdict(set)
    for fn in pathlib.Path('ext/fn').glob('*.c'):
        seen, rest = set(), {fn.stem}
        while rest:
            stem = rest.pop()
            seen.add(stem)
            rest |= includes[stem] - seen
        for stem in seen:
            users[stem].add(str(fn))
    return users


class Plan:
    """The tests, and the seconds of the processor that each takes; the unchanged sources must pass them all."""

    def __init__(self, bases):
        self.tests_all = [('golden', p.stem) for p in sorted(pathlib.Path('tests/golden').glob('*.sql'))]
        self.tests_all += [('check', p) for p in bases[0].programs]
        self.tests_all += [(*t, 'sanitized') for t in self.tests_all if t[0] == 'golden' or t[1] in bases[1].programs]
        self.bench, self.lock = Bench(BUILD / 'baseline', bases), threading.Lock()
        self.bench.begin(None)
        self.users, self.names, self.words = built_on(), {}, {}
        for test in self.tests_all:
            path = f'tests/golden/{test[1]}.sql' if test[0] == 'golden' else f'tests/{test[1]}.c'
            text = pathlib.Path(path).read_text(encoding='utf-8')
            if test[1] == 'check_twins':
                text += pathlib.Path('tests/twins.def').read_text(encoding='utf-8')
            self.words[test] = set(re.findall(r'\w+', text))
        self.load()

    def load(self):
        """What earlier runs have measured; a test that none has is measured now, the others when they are needed."""
        def digest(paths):
            sums = hashlib.sha256()
            for path in sorted(p for p in paths if p.is_file()):
                sums.update(path.read_bytes())
            return sums.hexdigest()[:16]

        tests = pathlib.Path('tests')
        own = {test: [*(tests / 'golden').glob(f'{test[1]}.*')] if test[0] == 'golden' else [tests / f'{test[1]}.c']
               for test in self.tests_all}
        # What no test has for itself concerns them all.
        rest = digest([*pathlib.Path('ext').rglob('*'), *pathlib.Path('sql').glob('*'), *tests.glob('*.def'),
                       *(p for p in tests.glob('*.[chs]*') if not p.stem.startswith('check_'))])
        self.digests = {test: f'{rest}-{digest(paths)}' for test, paths in own.items()}
        self.path = BUILD / 'seconds.json'
        self.measured = json.loads(self.path.read_text()) if self.path.exists() else {}
        for test in self.tests_all:
            if len(test) == 2 and ' '.join(test) not in self.measured:
                self.measure(test)

    def seconds(self, test):
        """What the test took when it was last measured: enough to put the quick ones first."""
        return self.measured[' '.join(test[:2])][1]

    def measure(self, test):
        """The seconds that the test takes of the sources as they are, which must pass it."""
        key = ' '.join(test)
        with self.lock:
            if self.measured.get(key, [''])[0] != self.digests[test]:
                failed, seconds = cpu_seconds(lambda: self.bench.fails(test, 900))
                if failed:
                    sys.exit(f'{test} fails without a mutant')
                self.measured[key] = self.digests[test], seconds
                self.path.write_text(json.dumps(self.measured))
        return self.measured[key][1]

    def limit(self, test):
        return 3 + 4 * self.measure(test)

    def tests(self, file):
        room, stem = pathlib.Path(file).parts[1], pathlib.Path(file).stem
        own = sql_names(file) if room == 'fn' else set()
        all_names = own.union(*(sql_names(f) for f in self.users[stem]))

        def is_near(test):
            calls = room != 'fn' and any(word.startswith(f'{stem}_') for word in self.words[test])
            return calls or bool(self.words[test] & own) or test[1] == f'check_{room}'

        def is_relevant(test):
            if len(test) > 2:
                return is_near(test) and self.seconds(test) < SANITIZED_SECONDS
            return is_near(test) or bool(self.words[test] & all_names) or test[1] in GENERAL

        def rank(test):
            return len(test), self.seconds(test) / (5 if is_near(test) else 1)
        return sorted(filter(is_relevant, self.tests_all), key=rank)


def choose(mutants, listed, count, seed):
    if count == 'again':
        lived = set(LIVED.read_text(encoding='utf-8').split('\n'))
        return [m for m in mutants if f'{m[0]} | {m[2].strip()} | {m[4].strip()}' in lived and m not in listed]
    # Drawn from all and listed ones left out, so that a longer list does not change the others.
    order = [m for m in random.Random(int(seed)).sample(mutants, len(mutants)) if m not in listed]
    return order if count == 'all' else order[:int(count)]


def main(count='60', seed='1', part=''):
    shutil.rmtree(SOURCE, ignore_errors=True)
    shutil.copytree('ext', SOURCE / 'ext')
    mutants = list(all_mutants())
    listed, wrong = read_list(mutants)
    sample = choose([m for m in mutants if part in m[0]], listed, count, seed)
    bases = Base(BUILD / 'base', PLAIN), Base(BUILD / 'sanitized', SANITIZE)
    plan = Plan(bases)
    benches = [Bench(BUILD / f'bench{i}', bases) for i in range(WORKERS)]

    def judge(mutant):
        bench = benches.pop()
        try:
            return bench.verdict(mutant, plan)
        finally:
            benches.append(bench)

    stillborn, survivors, by = 0, [], {}
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        for done, (mutant, killer) in enumerate(zip(sample, pool.map(judge, sample)), 1):
            file, number, line, kind, mutated = mutant
            print(f'\r{done} of {len(sample)}', end='', file=sys.stderr)
            if killer == 'compiler':
                stillborn += 1
            elif killer:
                by[killer] = by.get(killer, 0) + 1
            else:
                survivors.append(mutant)
                print(f'survived: {file}:{number + 1}: {kind}\n    - {line.strip()}\n    + {mutated.strip()}',
                      flush=True)
    print(file=sys.stderr)
    LIVED.write_text(''.join(f'{m[0]} | {m[2].strip()} | {m[4].strip()}\n' for m in survivors), encoding='utf-8')
    for what in wrong:
        print(what)
    alive = len(sample) - stillborn
    killed = alive - len(survivors)
    share = 100.0 * killed / alive if alive else 0
    print('killed by ' + ', '.join(f'{name} {n}' for name, n in sorted(by.items())))
    print(f'mutants: {len(mutants)} possible, {len(listed)} listed as equivalent, seed {seed}: {len(sample)} sampled, '
          f'{stillborn} not compiled, {killed} of {alive} killed ({share:.1f} %), {len(survivors)} survived')
    return bool(wrong) or share < GOAL


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
