# retain: retention, churn and customer value as SQL functions in SQLite.
#
#   make                 builds retain.so (.dylib, .dll), for .load ./retain
#   make deps            installs what is missing to build; with check or bench beside it, what those need too
#   make demo            builds a sample shop and shows retention, churn candidates and customer value
#   make check           the whole test suite
#   make fuzz            the fuzzers, FUZZ_SECONDS=120 each (tests/fuzz/run.sh)
#   make soak            one writer and its readers for SOAK_SECONDS (60), plain and under ThreadSanitizer
#   make versions        the SQL tests against older and newer versions of SQLite, fetched with npm
#   make faults          the fault tests in full: every call, code and page that may fail, interrupts of each report
#   make analyse         what gcc -fanalyzer, clang-tidy and cppcheck find without running it
#   make valgrind        golden tests and check programs under memcheck, in full
#   make coverage        lines and branches that the tests reach, and a checked list of those they do not
#   make mutants         MUTANTS=60 small mistakes of seed SEED=1: which of them do the tests notice?
#   make bench           ratios to a bare scan, to plain SQL and, where npm is, to DuckDB (see bench/README.md)
#   make install         so that .load retain works from any directory (DESTDIR and libdir are honoured)
#   make uninstall
#   make amalgamation    dist/retain.c and dist/retain.h, one file to compile into a program
#   make docs            rewrites the generated tables of README.md
#   make clean

.DEFAULT_GOAL := retain
.PHONY: retain deps demo check analyse valgrind coverage mutants soak versions faults fuzz checks core objects bench install uninstall amalgamation docs golden clean
# What is needed comes first, also under -j.
ifneq (,$(filter deps,$(MAKECMDGOALS)))
.NOTPARALLEL:
endif

# ---- The machine ----

OS := $(shell uname -s)
ifeq ($(OS),Darwin)
  SUFFIX := dylib
  LINK := -dynamiclib
  libdir ?= /usr/local/lib
else ifneq (,$(findstring MINGW,$(OS)))
  SUFFIX := dll
  LINK := -shared
  libdir ?= /mingw64/lib
else
  SUFFIX := so
  LINK := -shared -Wl,-z,relro,-z,now,-z,noexecstack,-z,nodelete,-z,defs
  # Where dlopen looks for a bare name: Debian's multiarch directory, else lib64 or lib.
  libdir ?= $(shell multiarch=$$($(CC) -print-multiarch 2>/dev/null); \
      for d in $${multiarch:+/usr/lib/$$multiarch} /usr/lib64; do [ -d $$d ] && echo $$d && exit; done; echo /usr/lib)
endif
LIBRARY := retain.$(SUFFIX)

# ---- The library ----

# No fortified libc calls and no contraction of a*b+c: one file loads everywhere and gives the same digits.
CFLAGS ?= -O3 -g
WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Werror
BASE_FLAGS := -std=c11 -fPIC -fvisibility=hidden -ffp-contract=off -fno-math-errno -fstack-protector-strong \
              -U_FORTIFY_SOURCE -Iext

ROOMS := base time math stat model data host fn
SOURCES := $(foreach room,$(ROOMS),$(sort $(wildcard ext/$(room)/*.c))) ext/retain.c
BUILD := build
OBJECTS := $(SOURCES:%.c=$(BUILD)/%.o)

retain: $(LIBRARY)

# Built from the one file that is also handed out, so that the compiler sees all of the path of a row.
$(LIBRARY): dist/retain.c
	@mkdir -p $(@D)
	$(CC) $(BASE_FLAGS) -DNDEBUG $(CFLAGS) $(LINK) -o $@ $< -lm

$(BUILD)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(CC) $(BASE_FLAGS) $(WARNINGS) $(CFLAGS) -MMD -MP -c -o $@ $<

-include $(OBJECTS:.o=.d)

amalgamation: dist/retain.c dist/retain.h

dist/retain.c dist/retain.h: $(SOURCES) $(wildcard ext/*/*.h) ext/registry.def ext/amalgamate.sh
	sh ext/amalgamate.sh dist $(SOURCES)

# ---- What is needed ----

DEPS := gcc libc6-dev libsqlite3-dev sqlite3
ifneq (,$(filter check bench,$(MAKECMDGOALS)))
  DEPS += check libsubunit-dev pkg-config clang libclang-rt-dev libgsl-dev libicu-dev binutils python3 valgrind clang-tidy cppcheck
endif
ifneq (,$(filter bench,$(MAKECMDGOALS)))
  DEPS += python3-scipy
endif
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)

deps:
	@if command -v apt-get >/dev/null; then \
	    missing=$$(for p in $(DEPS); do dpkg-query -W -f '$${Status}' $$p 2>/dev/null | grep -q 'ok installed' || echo $$p; done); \
	    if [ -n "$$missing" ]; then \
	        $(SUDO) apt-get update -qq && \
	        $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing; \
	    fi; \
	else \
	    echo "Please install a C compiler, the sqlite3 shell and SQLite's headers, and for 'make check' libcheck, GSL and ICU:"; \
	    echo "  dnf install gcc make sqlite sqlite-devel check-devel gsl-devel libicu-devel clang pkgconf python3 valgrind"; \
	    echo "  apk add gcc make musl-dev sqlite sqlite-dev check-dev gsl-dev icu-dev clang compiler-rt pkgconf python3 valgrind"; \
	    echo "  brew install sqlite check gsl icu4c pkg-config"; \
	fi

# ---- To see it ----

$(BUILD)/shop.db: samples/shop.sql
	@mkdir -p $(@D)
	@rm -f $@
	sqlite3 $@ < samples/shop.sql

demo: $(LIBRARY) $(BUILD)/shop.db
	sqlite3 -cmd '.load ./retain' $(BUILD)/shop.db < samples/demo.sql

# ---- To trust it ----

check: $(LIBRARY) amalgamation $(BUILD)/shop.db
	sh tests/run.sh

fuzz: amalgamation
	sh tests/fuzz/run.sh

# The second library has a block of memory for each request of an arena, so that every one of them can fail.
faults: $(LIBRARY) amalgamation $(BUILD)/tests/check_api $(BUILD)/tests/check_faults $(BUILD)/tests/check_limits $(BUILD)/tests/check_every
	RETAIN_LONG=1 RETAIN_LIBRARY=$(abspath $(LIBRARY)) $(BUILD)/tests/check_api
	RETAIN_LONG=1 RETAIN_LIBRARY=$(abspath $(LIBRARY)) $(BUILD)/tests/check_faults
	$(MAKE) -s CFLAGS='$(CFLAGS) -DARENA_ALONE' LIBRARY=$(BUILD)/alone/$(LIBRARY) $(BUILD)/alone/$(LIBRARY)
	CK_RUN_CASE=faults RETAIN_LONG=1 RETAIN_LIBRARY=$(abspath $(BUILD)/alone/$(LIBRARY)) $(BUILD)/tests/check_faults
	RETAIN_LONG=1 RETAIN_LIBRARY=$(abspath $(LIBRARY)) $(BUILD)/tests/check_every
	RETAIN_LONG=1 RETAIN_LIBRARY=$(abspath $(LIBRARY)) $(BUILD)/tests/check_limits

analyse: $(LIBRARY) amalgamation
	sh tests/analyse.sh

valgrind: amalgamation $(BUILD)/tests/check_base $(BUILD)/tests/check_stat $(BUILD)/tests/check_data
	sh tests/valgrind.sh --long

coverage: $(LIBRARY) $(BUILD)/shop.db
	sh tests/coverage.sh

MUTANTS ?= 60
SEED ?= 1
mutants: $(LIBRARY)
	python3 tests/mutants.py $(MUTANTS) $(SEED)

golden: $(LIBRARY)
	sh tests/golden.sh --write

# The check programs, the library compiled into them.  tests/run.sh builds them twice, the second time with
# BUILD, LIBRARY and CFLAGS for the sanitizers.  pkg-config is asked in the recipes: make deps may bring it.
CORE := $(SOURCES:%.c=$(BUILD)/core/%.o)
CHECKS := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/check_*.c))
CHECK_PARTS := $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/db.c tests/ops.c tests/oracle.c tests/twins.c))

core: $(CORE)

objects: $(OBJECTS)

checks: $(CHECKS)

$(BUILD)/core/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(CC) $(BASE_FLAGS) $(WARNINGS) -DSQLITE_CORE $(CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/tests/%.o: tests/%.c Makefile
	@mkdir -p $(@D)
	$(CC) $(BASE_FLAGS) $(filter-out -Werror,$(WARNINGS)) -DSQLITE_CORE $(CFLAGS) -MMD -MP \
	    $$(pkg-config --cflags check $(PACKAGES)) -c -o $@ $<

$(CHECKS): %: %.o $(CHECK_PARTS) $(CORE)
	$(CC) $(CFLAGS) -o $@ $^ $$(pkg-config --libs check $(PACKAGES)) -lsqlite3 -lpthread -ldl -lm

$(BUILD)/tests/check_math $(BUILD)/tests/check_math.o: PACKAGES := gsl
$(BUILD)/tests/check_time $(BUILD)/tests/check_time.o: PACKAGES := icu-i18n icu-uc

$(BUILD)/tests/twins.o: tests/twins.def

-include $(CORE:.o=.d) $(CHECKS:=.d) $(CHECK_PARTS:.o=.d)

# What the golden tests use of the sqlite3 shell, for any version of SQLite.
$(BUILD)/tests/shell: $(BUILD)/tests/shell.o
	$(CC) $(CFLAGS) -o $@ $^ -lsqlite3

soak: $(LIBRARY) $(BUILD)/tests/check_threads
	sh tests/threads.sh --soak

versions: $(LIBRARY)
	sh tests/versions.sh --all

bench: $(LIBRARY)
	sh bench/run.sh --duckdb

docs: $(LIBRARY)
	sh tests/docs.sh --write

# ---- To have it ----

install: $(LIBRARY)
	install -d "$(DESTDIR)$(libdir)"
	install -m 644 $(LIBRARY) "$(DESTDIR)$(libdir)/$(LIBRARY)"

uninstall:
	rm -f "$(DESTDIR)$(libdir)/$(LIBRARY)"

clean:
	rm -rf build dist retain.so retain.dylib retain.dll
