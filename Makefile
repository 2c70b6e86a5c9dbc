# SPDX-License-Identifier: MIT
#
# Builds the loader, the kernel and the tests, boots them and judges what they say.
# `make help` lists what can be done. Everything is written under build/.

# --- What you may set -----------------------------------------------------------------------------

EARLY_HEAP ?= 2M
MEM        ?= 256M
SMP        ?= 1
MACHINE    ?= q35
FIRMWARE   ?= 4m
OVMF_DIR   ?= /usr/share/OVMF
TIMEOUT    ?= 60
IMAGE      ?= build/boot.img
CMDLINE    ?=
FILES      ?=
SIGN_KEY   ?=
SIGN_CERT  ?=
TESTS      ?= tests/lint tests/model tests/bench tests/scenarios tests/host tests/embed
PYTHON     ?= /usr/bin/python3
CFLAGS     ?=
ifeq ($(origin CC),default)
CC         := gcc
endif

define HELP
Targets:
  make all      build the loader, the kernel and the test kernel
  make run      build, boot in QEMU with OVMF, show the serial line, judge the end
  make test     build and run everything; ends with `N passed, N failed`
  make test-all the same, then what takes long: exhaustive, and sweeps over whole machines
  make lint     clang-format, clang-tidy, cppcheck, gcc and clang; who includes and calls whom
  make image    write IMAGE, a disk image with loader and kernel that boots from a USB stick
  make format   let clang-format lay out all C files
  make bench    us and other allocators side by side: build/bench/results.md and .svg (installs them)
  make bench-publish   copy what bench and bench-boot wrote to tests/bench/ and into the README
  make bench-record    record the instruction counts that `make test` holds us to
  make bench-boot      instructions of a boot, step by step, and how they grow (ten minutes)
  make proof      Frama-C over kmem/fba*.c, seeded faults that must lose goals, the shared mode under the C11 memory model
  make coverage   branches and MC/DC conditions of kmem/: build/coverage/index.html; fails unless all are covered
  make exhaustive every sequence of MODEL_DEPTH=5 operations against the model (7 minutes), and seeded faults
  make fuzz SECONDS=600   so long for each fuzz target, after the kept corpus; then seeded faults for each
  make clean    remove build/
  make build/heap-64K/kernel.elf   the kernel with an early heap of another size

Variables, as they are now:
  EARLY_HEAP=$(EARLY_HEAP)   size of the early heap: whole pages of 4 KiB, up to 1G
  MEM=$(MEM)        memory of the machine
  SMP=$(SMP)           its processors, 1 to 255
  MACHINE=$(MACHINE)     its type, q35 or pc
  FIRMWARE=$(FIRMWARE)     build of OVMF, 4m or 2m, in OVMF_DIR=$(OVMF_DIR)
  TIMEOUT=$(TIMEOUT)      seconds after which a boot counts as hung
  IMAGE=$(IMAGE)   what `make image` writes; with CMDLINE="words", and FILES="file…" beside the kernel
  SIGN_KEY=FILE SIGN_CERT=FILE   sign the loader in the image for Secure Boot
  CC=$(CC)          compiler, gcc or clang; CFLAGS=$(CFLAGS) follows our own flags
  TESTS=…         what `make test` runs: $(TESTS)
  V=1             show the commands
Sizes accept K, M and G. Packages that are missing are installed with apt-get.
endef

# --- Nonsense gets one clear line -----------------------------------------------------------------

quote = '$(subst ','\'',$1)'

# $(call number,TEXT,LOW,HIGH,STEP): TEXT in plain digits, or nothing when it is not such a number.
number = $(shell tests/harness/number.sh $(call quote,$1) $2 $3 $4)
refuse = $(error $1 is not accepted: $2)

# The kernel is linked into the top 2 GiB of the address space; the heap may take half of that.
heap_bytes = $(or $(call number,$1,4096,1073741824,4096),$(call \
    refuse,EARLY_HEAP=$1,give whole pages of 4 KiB from 4K to 1G such as 64K or 2M or 8192))

HEAP_BYTES := $(call heap_bytes,$(EARLY_HEAP))
HEAP_GOALS := $(patsubst build/heap-%/kernel.elf,%,$(filter build/heap-%/kernel.elf,$(MAKECMDGOALS)))
$(if $(foreach size,$(HEAP_GOALS),$(call heap_bytes,$(size))),)
MEM_BYTES  := $(or $(call number,$(MEM),50331648,1099511627776,1048576),$(call \
    refuse,MEM=$(MEM),give whole MiB from 48M to 1024G such as 128M or 1G))
PROCESSORS := $(or $(call number,$(SMP),1,255,1),$(call refuse,SMP=$(SMP),give 1 to 255 processors))
SECONDS    := $(or $(call number,$(TIMEOUT),1,86400,1),$(call refuse,TIMEOUT=$(TIMEOUT),give 1 to 86400 seconds))
$(if $(filter-out q35 pc,$(or $(MACHINE),nothing)),$(call refuse,MACHINE=$(MACHINE),give q35 or pc))
$(if $(filter-out 4m 2m,$(or $(FIRMWARE),nothing)),$(call refuse,FIRMWARE=$(FIRMWARE),give 4m or 2m))

ifneq ($(and $(SIGN_KEY)$(SIGN_CERT),$(if $(and $(SIGN_KEY),$(SIGN_CERT)),,alone)),)
$(call refuse,$(if $(SIGN_KEY),SIGN_KEY=$(SIGN_KEY),SIGN_CERT=$(SIGN_CERT)),give SIGN_KEY and SIGN_CERT together)
endif

# --- Packages that have to be there (PACKAGE=PROBE, see tests/harness/packages.sh) ----------------

FONT         := /usr/share/consolefonts/Unifont-APL8x16.psf.gz
RUN_PACKAGES := gcc=gcc gnu-efi=/usr/include/efi/efi.h psf-unifont=$(FONT) \
    qemu-system-x86=qemu-system-x86_64 python3=/usr/bin/python3
ifeq ($(OVMF_DIR),/usr/share/OVMF)
RUN_PACKAGES += ovmf=$(OVMF_DIR)/OVMF_CODE_4M.fd
endif
ifneq ($(findstring clang,$(CC)),)
RUN_PACKAGES += clang=clang
endif
IMAGE_PACKAGES := $(RUN_PACKAGES) fdisk=/usr/sbin/sfdisk mtools=mcopy $(if $(SIGN_KEY),sbsigntool=sbsign)
# The sanitizers' part of clang, which all but Ubuntu 22.04 have in a package of its own.
CLANG_RUNTIME := $(wildcard /usr/lib/llvm-*/lib/clang/*/lib/linux/libclang_rt.asan-x86_64.a) \
    $(filter jammy,$(shell . /etc/os-release 2>/dev/null && echo $$VERSION_CODENAME))
TEST_PACKAGES := $(IMAGE_PACKAGES) sbsigntool=sbsign openssl=openssl libc6-dev=/usr/include/stdio.h python3-pytest=python:pytest \
    clang=clang clang-format=clang-format clang-tidy=clang-tidy cppcheck=cppcheck gdb=gdb \
    $(if $(strip $(CLANG_RUNTIME)),,libclang-rt-dev=/usr/share/doc/libclang-rt-dev) \
    g++=g++ qemu-user=qemu-aarch64 \
    gcc-aarch64-linux-gnu=aarch64-linux-gnu-gcc libc6-dev-arm64-cross=/usr/aarch64-linux-gnu/include/stdio.h \
    gcc-riscv64-linux-gnu=riscv64-linux-gnu-gcc libc6-dev-riscv64-cross=/usr/riscv64-linux-gnu/include/stdio.h \
    gcc-i686-linux-gnu=i686-linux-gnu-gcc libc6-dev-i386-cross=/usr/i686-linux-gnu/include/stdio.h \
    gcc-s390x-linux-gnu=s390x-linux-gnu-gcc libc6-dev-s390x-cross=/usr/s390x-linux-gnu/include/stdio.h \
    gcc-arm-linux-gnueabihf=arm-linux-gnueabihf-gcc libc6-dev-armhf-cross=/usr/arm-linux-gnueabihf/include/stdio.h

# --- Sources: files that appear in these folders are picked up ------------------------------------

KMEM_SRCS   := $(sort $(wildcard kmem/*.c))
ARCH_SRCS   := $(sort $(wildcard arch/x86_64/*.c arch/x86_64/*.S))
BOTH_SRCS   := $(sort $(wildcard boot/*.c))
BOOT_SRCS   := $(sort $(wildcard $(addprefix boot/kernel/,*.c *.S acpi/*.c steps/*.c)))
SUITES_SRCS := $(sort $(wildcard tests/suites/*.c tests/boot/*.c))

KERNEL_SRCS := $(BOTH_SRCS) $(BOOT_SRCS) $(ARCH_SRCS) $(KMEM_SRCS)
METAL_SRCS  := $(sort $(filter-out boot/kernel/main.c,$(KERNEL_SRCS)) $(SUITES_SRCS) \
    $(wildcard boot/loader/elf.c tests/metal/*.c))
# What the suites of tests/boot may call on the host. It is an archive, of which the linker takes what they do
# call: the rest needs the symbols of linker.ld or of an .S file. The host's memcpy is the C library's.
PLAIN_SRCS  := $(filter-out arch/x86_64/string.c,$(filter %.c,$(BOOT_SRCS) $(ARCH_SRCS)))
# The loader, all but its two ends, and the firmware that a test made up for it.
FAKED_SRCS  := $(sort $(filter-out boot/loader/main.c,$(wildcard boot/loader/*.c)) $(wildcard tests/loader/*.c))
HOST_SRCS   := $(sort $(KMEM_SRCS) $(BOTH_SRCS) $(wildcard tests/host/*.c) $(SUITES_SRCS) $(FAKED_SRCS))
LOADER_SRCS := $(sort $(wildcard boot/loader/*.c boot/loader/*.S)) \
    $(BOTH_SRCS) $(addprefix kmem/,allocator.c failing.c fba.c fba_allocator.c fba_handoff.c ledger.c report.c writer.c) \
    $(addprefix arch/x86_64/,device_io.c ns16550.c paging.c string.c uart.c)

# What waits for the loader in a saved machine: tests/harness/snapshot.py.
BOOT_WAITER_SRCS := tests/harness/boot_waiter.c arch/x86_64/string.c

# $(call objects,FOLDER,SOURCES)
objects = $(patsubst %,build/$1/%.o,$(basename $2))

KERNEL_OBJS := $(call objects,kernel,$(KERNEL_SRCS))
METAL_OBJS  := $(call objects,kernel,$(METAL_SRCS))
HOST_OBJS   := $(call objects,host,$(HOST_SRCS))
PLAIN_OBJS  := $(call objects,host,$(PLAIN_SRCS))
LOADER_OBJS := $(call objects,loader,$(LOADER_SRCS))
BOOT_WAITER_OBJS := $(call objects,loader,$(BOOT_WAITER_SRCS))

# --- Flags ----------------------------------------------------------------------------------------

# Debian 12's compilers have nothing to warn of. What newer ones add are warnings, and no errors.
KNOWN_CC := $(if $(findstring clang,$(CC)),14,12)
MAJOR_CC := $(firstword $(subst ., ,$(shell $(CC) -dumpversion 2>/dev/null)))
WARNINGS := -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
    $(if $(filter $(KNOWN_CC),$(MAJOR_CC)),-Werror)
COMMON   := -std=c11 $(WARNINGS) -I.

KERNEL_FLAGS := $(COMMON) -O2 -g -ffreestanding -fno-stack-protector -fno-pic -mcmodel=kernel \
    -mno-red-zone -mgeneral-regs-only -fno-omit-frame-pointer -fcf-protection=none \
    -fno-asynchronous-unwind-tables $(CFLAGS)
# The version of the contract with the loader, which the loader finds in the file.
HANDOFF_VERSION := $(shell sed -n 's/^.define HANDOFF_VERSION \([0-9]*\)u.*/\1/p' boot/handoff.h)
# clang takes no -no-pie beside -static, and says so at each link.
KERNEL_LINK  := -nostdlib -static $(if $(findstring clang,$(CC)),,-no-pie) -Wl,-T,linker.ld -Wl,-z,max-page-size=4096 -Wl,-z,noexecstack \
    -Wl,--build-id=none -Wl,--defsym=HANDOFF_VERSION=$(HANDOFF_VERSION)

# The firmware calls with Microsoft's convention, GNU-EFI's efi_main is called with System V's.
EFI_FLAGS    := -fshort-wchar -DGNU_EFI_USE_MS_ABI -isystem /usr/include/efi -isystem /usr/include/efi/x86_64
LOADER_FLAGS := $(COMMON) -O2 -g -ffreestanding -fPIC -mno-red-zone -fno-stack-protector -fcf-protection=none \
    -fno-asynchronous-unwind-tables $(EFI_FLAGS) $(CFLAGS)
# gcc needs this for calls with Microsoft's convention; clang does not know it.
LOADER_GCC   := $(if $(findstring clang,$(CC)),,-maccumulate-outgoing-args)
# GNU-EFI's start code calls efi_main, and since 3.0.18 _entry, which its library defines for C++.
LOADER_LINK  := -shared -Bsymbolic -znocombreloc -znoexecstack --no-undefined --defsym=_entry=efi_main
# Without .rela the application would run unrelocated, and say nothing about it.
LOADER_PARTS := $(addprefix -j ,.text .sdata .data .rodata .dynamic .dynsym .rel .rela .rel.* .rela.* .reloc)

HOST_FLAGS := $(COMMON) -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all $(CFLAGS)

# --- How a command is shown -----------------------------------------------------------------------

ifeq ($(V),1)
say :=
else
Q   := @
say  = @printf '  %-7s %s\n' $1 $2
endif

# --- Rules ----------------------------------------------------------------------------------------

all: build/loader.efi build/kernel.elf build/kernel-tests.elf build/boot_waiter.efi

# A stamp holds the value of the variable that it is named after, and changes only when that does.
build/stamps/%: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' $(call quote,$(CC) $($*)) | cmp -s - $@ || printf '%s\n' $(call quote,$(CC) $($*)) >$@

compile = $(Q)mkdir -p $(@D) && $(CC) $1 -MMD -MP -c $< -o $@

build/kernel/%.o: %.c Makefile build/stamps/KERNEL_FLAGS | run-packages
	$(call say,CC,$@)
	$(call compile,$(KERNEL_FLAGS))

build/kernel/%.o: %.S Makefile build/stamps/KERNEL_FLAGS | run-packages
	$(call say,AS,$@)
	$(call compile,$(KERNEL_FLAGS))

build/kernel/boot/kernel/font.o: build/font.psf

build/font.psf: | run-packages
	$(Q)gzip -dc $(FONT) > $@

build/loader/%.o: %.c Makefile build/stamps/LOADER_FLAGS | run-packages
	$(call say,CC,$@)
	$(call compile,$(LOADER_FLAGS) $(LOADER_GCC))

build/loader/%.o: %.S Makefile build/stamps/LOADER_FLAGS | run-packages
	$(call say,AS,$@)
	$(call compile,$(LOADER_FLAGS))

build/host/%.o: %.c Makefile build/stamps/HOST_FLAGS | test-packages
	$(call say,CC,$@)
	$(call compile,$(HOST_FLAGS))

# $(call link_kernel,OBJECTS,BYTES): a kernel whose early heap has so many bytes.
link_kernel = $(Q)mkdir -p $(@D) && $(CC) $(KERNEL_LINK) -Wl,--defsym=EARLY_HEAP_SIZE=$2 $1 -o $@
KERNEL_PARTS := linker.ld Makefile build/stamps/KERNEL_LINK

build/kernel.elf: $(KERNEL_OBJS) $(KERNEL_PARTS) build/stamps/KERNEL_OBJS build/stamps/HEAP_BYTES
	$(call say,LD,$@)
	$(call link_kernel,$(KERNEL_OBJS),$(HEAP_BYTES))

build/kernel-tests.elf: $(METAL_OBJS) $(KERNEL_PARTS) build/stamps/METAL_OBJS build/stamps/HEAP_BYTES
	$(call say,LD,$@)
	$(call link_kernel,$(METAL_OBJS),$(HEAP_BYTES))

# The same kernel with a heap of another size: only the link differs.
build/heap-%/kernel.elf: $(KERNEL_OBJS) $(KERNEL_PARTS) build/stamps/KERNEL_OBJS
	$(call say,LD,$@)
	$(call link_kernel,$(KERNEL_OBJS),$(call heap_bytes,$*))

# $(call link_efi,OBJECTS): GNU-EFI's start code and linker script lie where the compiler looks for libraries.
link_efi = $(Q)$(LD) $(LOADER_LINK) -T "$$($(CC) -print-file-name=elf_x86_64_efi.lds)" \
    "$$($(CC) -print-file-name=crt0-efi-x86_64.o)" $1 "$$($(CC) -print-file-name=libgnuefi.a)" -o $@

build/loader.so: $(LOADER_OBJS) Makefile build/stamps/LOADER_LINK build/stamps/LOADER_OBJS
	$(call say,LD,$@)
	$(call link_efi,$(LOADER_OBJS))

build/boot_waiter.so: $(BOOT_WAITER_OBJS) Makefile build/stamps/LOADER_LINK
	$(call say,LD,$@)
	$(call link_efi,$(BOOT_WAITER_OBJS))

build/loader.efi build/boot_waiter.efi: build/%.efi: build/%.so boot/loader/pe.py
	$(call say,OBJCOPY,$@)
	$(Q)objcopy --strip-all $(LOADER_PARTS) --output-target efi-app-x86_64 --subsystem=10 $< $@
	$(Q)$(PYTHON) -B boot/loader/pe.py $@

# A kernel of another origin, for tests/README.md and its test: 32 bits, Multiboot, one command.
build/example.elf: $(addprefix tests/harness/example/,start.S kernel.c link.ld) | run-packages
	$(call say,LD,$@)
	$(Q)$(CC) -m32 $(COMMON) -O2 -g -ffreestanding -fno-pic -fno-stack-protector -fcf-protection=none -nostdlib \
	    -static -Wl,-T,tests/harness/example/link.ld -Wl,--build-id=none $(filter-out %.ld,$^) -o $@

$(call objects,host,$(FAKED_SRCS)): build/host/%.o: %.c Makefile build/stamps/HOST_FLAGS | test-packages
	$(call say,CC,$@)
	$(call compile,$(HOST_FLAGS) $(EFI_FLAGS))

build/host/plain.a: $(PLAIN_OBJS) build/stamps/PLAIN_OBJS
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $(PLAIN_OBJS)

build/host/suites: $(HOST_OBJS) build/host/plain.a Makefile build/stamps/HOST_FLAGS build/stamps/HOST_OBJS
	$(call say,LD,$@)
	$(Q)$(CC) $(HOST_FLAGS) $(HOST_OBJS) build/host/plain.a -o $@

# What is compiled with which flags, for the linters and for editors.
UNITS = $(call quote,$(KERNEL_FLAGS)) $(filter %.c,$(sort $(KERNEL_SRCS) $(METAL_SRCS))) \
    -- $(call quote,$(LOADER_FLAGS)) $(filter %.c,$(LOADER_SRCS) $(BOOT_WAITER_SRCS) $(MEMORY_MAP_SRCS)) \
    -- $(call quote,$(HOST_FLAGS)) $(filter-out $(FAKED_SRCS),$(HOST_SRCS)) $(PLAIN_SRCS) \
    -- $(call quote,$(HOST_FLAGS) $(EFI_FLAGS)) $(FAKED_SRCS) \
    -- $(call quote,$(BENCH_C_FLAGS)) $(sort $(wildcard tests/bench/*.c))

build/compile_commands.json: build/stamps/UNITS Makefile tests/lint/database.py | test-packages
	$(Q)$(PYTHON) -B tests/lint/database.py $@ $(UNITS)

# What is linked into which program, for the check of who calls whom: a line each.
PROGRAMS = $(call quote,kernel.elf $(KERNEL_OBJS)) $(call quote,kernel-tests.elf $(METAL_OBJS)) \
    $(call quote,loader.efi $(LOADER_OBJS))

build/programs.txt: build/stamps/PROGRAMS $(sort $(KERNEL_OBJS) $(METAL_OBJS) $(LOADER_OBJS))
	$(Q)printf '%s\n' $(PROGRAMS) >$@

-include $(patsubst %.o,%.d,$(KERNEL_OBJS) $(METAL_OBJS) $(LOADER_OBJS) $(BOOT_WAITER_OBJS) $(HOST_OBJS) $(PLAIN_OBJS))

include tests/bench/bench.mk
include tests/proof/proof.mk
include tests/coverage/coverage.mk

# --- What can be done -----------------------------------------------------------------------------

# The tests make kernels of their own: they must not take over this make's options and job server.
PYTEST = $(Q)MAKEFLAGS= MAKELEVEL= PYTHONPATH=tests/harness $(PYTHON) -B -m pytest -p pytest_totals -o cache_dir=build/pytest \
    --rootdir=. -v --tb=short --junitxml=build/reports/junit.xml

run: build/loader.efi build/kernel.elf
	$(Q)$(PYTHON) tests/harness/boot.py --cold --power-off --mem $(MEM_BYTES) --smp $(PROCESSORS) --machine $(MACHINE) \
	    --firmware $(FIRMWARE) --firmware-directory $(call quote,$(OVMF_DIR)) --timeout $(SECONDS)

# Signed, the loader is another file, so that the unsigned one stays what it is.
image: build/loader.efi build/kernel.elf | image-packages
	$(call say,IMAGE,$(IMAGE))
	$(Q)mkdir -p $(dir $(IMAGE))
ifneq ($(SIGN_KEY),)
	$(Q)sbsign --key $(call quote,$(SIGN_KEY)) --cert $(call quote,$(SIGN_CERT)) --output $(IMAGE).efi $<
	$(Q)boot/image.sh $(IMAGE) $(IMAGE).efi build/kernel.elf $(call quote,$(CMDLINE)) $(FILES)
else
	$(Q)boot/image.sh $(IMAGE) $^ $(call quote,$(CMDLINE)) $(FILES)
endif

# A build that fails is a test that fails, so that the last line is the count here too.
test:
	$(Q){ $(MAKE) --no-print-directory test-packages && $(MAKE) --no-print-directory test-parts; } || \
	    { echo "FAILED: the build, with the words above; nothing was tested"; echo "0 passed, 1 failed"; exit 1; }
	$(PYTEST) $(TESTS)

test-parts: all build/host/suites build/example.elf build/compile_commands.json build/programs.txt build/bench/bench $(BENCH_OURS)

lint: build/compile_commands.json build/programs.txt
	$(PYTEST) tests/lint

format: | test-packages
	$(Q)clang-format -i $$(find kmem arch boot tests -name '*.[ch]')

clean:
	$(Q)rm -rf build

help:
	$(info $(HELP))
	@:

# The long rows: every sequence of operations, and sweeps over whole machines.
test-all: test exhaustive
	$(PYTHON) -B tests/harness/sweep.py processors 1..16 -- --kernel build/kernel.elf
	$(PYTHON) -B tests/harness/sweep.py memory 64M..2G*2
	$(PYTHON) -B tests/harness/sweep.py heap 8K..160K/8K
	$(PYTHON) -B tests/harness/sweep.py word fail= 1..60 --accept "out of memory" -- --smp 4
	$(PYTHON) -B tests/harness/sweep.py damage 200

.PHONY: test-all


run-packages:
	@tests/harness/packages.sh $(RUN_PACKAGES)

image-packages:
	@tests/harness/packages.sh $(IMAGE_PACKAGES)

test-packages:
	@tests/harness/packages.sh $(TEST_PACKAGES)

# Two installations at once would wait for each other's lock and fail.
ifneq ($(filter test-parts lint format bench% build/host/%,$(MAKECMDGOALS)),)
run-packages: test-packages
endif

ifneq ($(filter image,$(MAKECMDGOALS)),)
run-packages: image-packages
endif

FORCE:
.PHONY: all run image image-packages test test-parts lint format clean help run-packages test-packages FORCE
.DELETE_ON_ERROR:
.PRECIOUS: build/stamps/%
.SUFFIXES:
