# make quickstart   set up, build, and run the first job from end to end (jobs/quickstart.yaml)
# make test         set up, build, and run every test
# make build        set up and build .build/release/jdnas
# make torture      real runners killed at random for MINUTES (10), full disks, clocks that jump, all commands; SEED repeats one
# make asan         the readers of foreign files under the address sanitizer
# make fuzz         damaged manifests and archives for MINUTES=10, under the address sanitizer; SEED=N makes the same again
# make lint         formatting and layering
# make new-backbone NAME=TinyNet     start a backbone plugin (docs/new-backbone.md)
# make new-stage NAME=PictureStats   start a stage plugin (docs/new-stage.md)
# make bench        install the peers (PyTorch, ONNX Runtime) and measure beside them; CASES="train-r50-320 …" picks
# make install      build the programs with Swift's runtime linked in, and copy them to $(PREFIX)/bin

PREFIX ?= /usr/local
SPOOL ?= spool
JOB ?= jobs/quickstart.yaml
BUILD = swift build -c release
BIN = .build/release
STATIC = .build/static

# Threads that wait for their team spin for a while (libgomp). As stages do (Sources/Processes/ChildProcess.swift), tests spin
# for moments only: beside another program that computes they take a tenth of the time so. Not in `bench`: the peers' threads
# are libgomp's too.
ifndef OMP_WAIT_POLICY
test torture asan: export GOMP_SPINCOUNT ?= 20000
endif

.PHONY: build setup test torture asan fuzz lint quickstart new-backbone new-stage bench install clean

setup:
	@scripts/setup

build: setup
	$(BUILD) --product jdnas
	$(BUILD) --product jdnas-stage

test:
	@scripts/setup tests
	$(BUILD) --build-tests
	swift test -c release --skip-build

MINUTES ?= 10
SEED ?=
torture: setup
	$(BUILD) --build-tests
	JDNAS_TORTURE_MINUTES=$(MINUTES) JDNAS_TORTURE_SEED=$(SEED) swift test -c release --skip-build --filter TortureTests

# A build of its own; what lives to the end of a process is no leak. Tests that start other programs are left out: they would
# start those of the usual build.
asan: setup
	ASAN_OPTIONS=detect_leaks=0 swift test -c debug --sanitize=address --scratch-path .build/asan \
		--filter '^(Archive|Models|ModelImport|Images|Manifest)Tests\.'

FUZZ = .build/fuzz
fuzz: setup
	$(BUILD) --sanitize=address --scratch-path $(FUZZ) --product jdnas-fuzz
	ASAN_OPTIONS=detect_leaks=0 SWIFT_BACKTRACE=enable=no nice -n 19 $(FUZZ)/release/jdnas-fuzz run \
		--minutes $(MINUTES) $(if $(SEED),--seed $(SEED)) --work $(FUZZ)/inputs jobs configs Tests/Fixtures/manifests

lint:
	swift format lint --strict -r -p Sources Plugins Tests Benchmarks Package.swift
	$(BUILD) --build-tests --explicit-target-dependency-import-check error

quickstart: build
	$(BIN)/jdnas submit $(JOB) --spool $(SPOOL)
	$(BIN)/jdnas run --spool $(SPOOL) --drain

new-backbone:
	@scripts/new-backbone "$(NAME)"

new-stage:
	@scripts/new-stage "$(NAME)"

# In a folder of its own: linked so, the programs are not those that the tests run. Debian's libraries stay shared.
install: setup
	$(BUILD) --static-swift-stdlib --scratch-path $(STATIC) --product jdnas
	$(BUILD) --static-swift-stdlib --scratch-path $(STATIC) --product jdnas-stage
	install -D -t $(DESTDIR)$(PREFIX)/bin $(STATIC)/release/jdnas $(STATIC)/release/jdnas-stage

THREADS ?= 2
bench: setup
	$(BUILD) --product jdnas-bench
	scripts/peers
	$(BIN)/jdnas-bench run --peers .peers/bin/python --threads $(THREADS) --out .build/bench.json $(CASES)

clean:
	swift package clean
