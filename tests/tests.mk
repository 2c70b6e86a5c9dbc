# SPDX-License-Identifier: MIT
#
# The test programs, and what runs them. The Makefile includes it.

TESTS ?= tests

define help_tests
  make test     build and run everything; ends with `N passed, N failed`
      TESTS=$(TESTS)       what of it: folders, files or options of pytest
  make test-all the same, then what takes long: exhaustive, and sweeps over whole machines
  make test-foreign   boots kernels of other origins, by the files in tests/foreign; fetches and builds them
  make lint     clang-format, clang-tidy, cppcheck, gcc and clang; words; who includes and calls whom
  make picture  boot, and draw the pictures of README.md and boot/README.md anew: boot/early_heap*.svg
  make format   let clang-format lay out all C files
endef

# --- Sources --------------------------------------------------------------------------------------

SUITES_SRCS := $(sort $(wildcard tests/suites/*.c tests/boot/*.c))

# The test kernel: all of the kernel but its story, and of the loader what needs no firmware.
METAL_SRCS := $(sort $(filter-out boot/kernel/main.c,$(KERNEL_SRCS)) $(SUITES_SRCS) \
    $(wildcard boot/loader/elf*.c tests/metal/*.c))
METAL_OBJS := $(call objects,kernel,$(METAL_SRCS))

# The suites on this computer: all of the loader but its end at the firmware, which is a stub here.
HOST_SRCS := $(sort $(wildcard tests/host/*.c tests/kernel/*.c tests/loader/*.c) $(SUITES_SRCS) \
    $(filter-out boot/loader/main.c,$(filter %.c,$(LOADER_SRCS))))
# The linker takes from it what the suites use. The C library has functions of its own for string.c's.
HOST_LIB_SRCS := $(filter-out arch/x86_64/string.c,$(KERNEL_SRCS))
HOST_OBJS     := $(call objects,host,$(HOST_SRCS))
HOST_LIB_OBJS := $(call objects,host,$(HOST_LIB_SRCS))

# What waits for the loader in a saved machine: tests/harness/snapshot.py.
BOOT_WAITER_OBJS := $(call objects,loader,tests/harness/boot_waiter.c)

# --- Rules ----------------------------------------------------------------------------------------

build/kernel-tests.elf: $(METAL_OBJS) linker.ld boot/loader/elf_note.py $(addprefix build/stamps/,KERNEL_LD METAL_OBJS HEAP_BYTES)
	$(call link_kernel,$(HEAP_BYTES))

build/heap-%/kernel-tests.elf: $(METAL_OBJS) linker.ld boot/loader/elf_note.py $(addprefix build/stamps/,KERNEL_LD METAL_OBJS)
	$(call link_kernel,$(call heap_bytes,$*))

build/boot_waiter.so: $(BOOT_WAITER_OBJS) build/loader/lib.a build/stamps/LOADER_LD
	$(link_efi)

# What gives the firmware a quirk, for tests/scenarios/test_quirks.py.
QUIRK_OBJS := $(call objects,loader,$(wildcard tests/quirks/*.c))

build/firmware_quirk.so: $(QUIRK_OBJS) build/loader/lib.a build/stamps/LOADER_LD
	$(link_efi)

HOST_FLAGS = $(COMMON) -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all \
    $(EFI_FLAGS) $(CFLAGS)
HOST_CC    = $(CC) $(HOST_FLAGS) $(COMPILE)

build/host/%.o: %.c build/stamps/HOST_CC | test-packages
	$(call compile,$(HOST_CC))

build/host/%.o: %.S build/stamps/HOST_CC | test-packages
	$(call compile,$(HOST_CC))

build/host/boot/console/font.o: build/font.psf

build/host/lib.a: $(HOST_LIB_OBJS) build/stamps/HOST_LIB_OBJS
	$(archive)

# What replays the ledger of a boot with the code of kmem/: tests/harness/replay.py.
REPLAY_SRCS = tests/harness/replay.c $(addprefix kmem/,allocator.c fba.c fba_allocator.c free_lists.c reclaim.c)
REPLAY_CC   = $(CC) $(COMMON) -D_DEFAULT_SOURCE -O2

build/replay: $(REPLAY_SRCS) $(wildcard kmem/*.h) build/stamps/REPLAY_CC | run-packages
	$(call say,LD)
	$(Q)$(REPLAY_CC) $(REPLAY_SRCS) -o $@

build/host/suites: $(HOST_OBJS) build/host/lib.a $(addprefix build/stamps/,HOST_CC HOST_OBJS)
	$(call say,LD)
	$(Q)$(CC) $(HOST_FLAGS) $(filter %.o %.a,$^) -o $@

# Kernels of another origin, for tests/README.md and the tests of the harness: 32 bits, Multiboot, one command.
EXAMPLE_CC = $(CC) -m32 $(COMMON) -O2 -g -ffreestanding -fno-pic -fno-stack-protector -fcf-protection=none -nostdlib \
    -static -Wl,-T,tests/harness/example/link.ld -Wl,--build-id=none

define link_example
$(call say,LD)
$(Q)$(EXAMPLE_CC) $(filter %.S %.c,$^) -o $@
endef

build/example.elf: $(addprefix tests/harness/example/,start.S kernel.c link.ld) build/stamps/EXAMPLE_CC | run-packages
	$(link_example)

build/shell.elf: $(addprefix tests/harness/example/,start.S shell.c link.ld) build/stamps/EXAMPLE_CC | run-packages
	$(link_example)

-include $(patsubst %.o,%.d,$(METAL_OBJS) $(BOOT_WAITER_OBJS) $(QUIRK_OBJS) $(HOST_OBJS) $(HOST_LIB_OBJS))

# What is compiled with which flags, for the linters and for editors.
UNITS = $(call quote,$(KERNEL_FLAGS)) $(filter %.c,$(sort $(KERNEL_SRCS) $(METAL_SRCS))) \
    -- $(call quote,$(LOADER_FLAGS)) $(filter %.c,$(LOADER_SRCS) $(LOADER_LIB_SRCS)) tests/harness/boot_waiter.c \
    $(wildcard boot/loader/*signed/*.c tests/bench/efi/*.c tests/quirks/*.c) \
    -- $(call quote,$(HOST_FLAGS)) $(HOST_SRCS) $(filter %.c,$(HOST_LIB_SRCS)) \
    -- $(call quote,$(EMBED_FLAGS)) $(EMBED_LINTED) \
    -- $(call quote,$(BENCH_C_FLAGS)) $(sort $(wildcard tests/bench/*.c) $(BENCH_LINTED)) \
    -- $(call quote,$(BENCH_C_FLAGS) -D_DEFAULT_SOURCE -isystem /usr/include/lua5.4) $(wildcard tests/embed/libraries/*.c) \
    tests/embed/stack.c \
    -- $(call quote,$(BENCH_C_FLAGS) -D_GNU_SOURCE) $(wildcard tests/embed/interpreter/*.c)

build/compile_commands.json: tests/lint/database.py build/stamps/UNITS | test-packages
	$(Q)$(PYTHON) $< $@ $(UNITS)

# What is linked into which program, for the check of who calls whom: a line each.
PROGRAMS = $(call quote,kernel.elf $(KERNEL_OBJS)) $(call quote,kernel-tests.elf $(METAL_OBJS)) \
    $(call quote,loader.efi $(LOADER_OBJS) $(UNSIGNED_OBJS) $(LOADER_LIB_OBJS)) \
    $(call quote,signed/loader.efi $(LOADER_OBJS) $(SIGNED_OBJS) $(LOADER_LIB_OBJS))

build/programs.txt: build/stamps/PROGRAMS $(sort $(KERNEL_OBJS) $(METAL_OBJS) $(LOADER_OBJS) $(SIGNED_OBJS) $(UNSIGNED_OBJS) $(LOADER_LIB_OBJS))
	$(Q)printf '%s\n' $(PROGRAMS) >$@

# --- What can be done -----------------------------------------------------------------------------

# The tests make kernels of their own: they must not take over this make's options and job server.
PYTEST = $(Q)MAKEFLAGS= MAKELEVEL= $(PYTHON) -m pytest -p pytest_totals \
    -o cache_dir=build/pytest --rootdir=. -v --tb=short --junitxml=build/reports/junit.xml

# A build that fails is a test that fails, so that the last line is the count here too.
test:
	$(Q)$(MAKE) --no-print-directory test-parts || \
	    { echo "FAILED: the build, with the words above; nothing was tested"; echo "0 passed, 1 failed"; exit 1; }
	$(PYTEST) $(TESTS)

test-parts: test-packages all embed build/host/suites build/replay build/firmware_quirk.efi build/example.elf build/shell.elf build/compile_commands.json build/programs.txt

# The long rows: every sequence of operations, and sweeps over whole machines.
test-all: test exhaustive
	$(PYTHON) tests/harness/sweep.py processors 1..16 -- --kernel build/kernel.elf
	$(PYTHON) tests/harness/sweep.py memory 64M..2G*2
	$(PYTHON) tests/harness/sweep.py heap 8K..160K/8K
	$(PYTHON) tests/harness/sweep.py word fail= 1..60 --accept "out of memory" -- --smp 4
	$(PYTHON) tests/harness/sweep.py damage 400

# The packages of the kernels are fetched, and not installed.
test-foreign: | foreign-packages
	$(Q)status=0; for file in tests/foreign/*.toml; do \
	    $(PYTHON) tests/harness/project.py --file $$file || status=1; done; exit $$status

lint: build/compile_commands.json build/programs.txt
	$(PYTEST) tests/lint

format: | test-packages
	$(Q)clang-format -i $$(find kmem arch boot tests -name '*.[ch]')

picture: all build/replay build/heap-64K/kernel.elf
	$(Q)$(PYTHON) tests/harness/boot.py --quiet --cold --smp 2 --name picture --report build/picture.html
	$(Q)cp build/picture.svg boot/early_heap.svg
	$(Q)$(PYTHON) tests/harness/boot.py --quiet --cold --kernel build/heap-64K/kernel.elf --name picture-full \
	    --report build/picture-full.html; test $$? = 11 # it runs out of memory
	$(Q)cp build/picture-full.svg boot/early_heap_full.svg

.PHONY: picture test test-parts test-foreign test-all lint format
