# SPDX-License-Identifier: MIT
#
# Builds the loader and the kernel, boots them, and makes a disk image of them. Packages, tests, proofs
# and benchmarks are in the files that are included at the end. `make help` lists what can be done.
# Everything is written under build/.

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
PYTHON     ?= /usr/bin/python3
BUDGET     ?=
CFLAGS     ?=
ifeq ($(origin CC),default)
CC         := gcc
endif

# Each included file has the help of its own targets; the variables of a target stand below it.
define help_make
Targets, each with its variables as they are now. Sizes accept K, M and G.
  make all      build the loader, the kernel and the test kernel
      EARLY_HEAP=$(EARLY_HEAP)   size of the early heap: whole pages of 4 KiB, up to 1G
      BUDGET=$(BUDGET)         if what the parts of the boot declare to take, for SMP and MEM, exceeds EARLY_HEAP:
                      check: fail, the default of make all and make image;
                      warn: say so and go on, the default of make run, which shows what a boot needs
      CC=$(CC)          compiler, gcc or clang
      CFLAGS=$(CFLAGS)         follow our own flags
  make run      build, boot in QEMU with OVMF, show the serial line, judge the end; build/report.html is a
                picture of the early heap's life
      MEM=$(MEM)        memory of the machine
      SMP=$(SMP)           its processors, 1 to 255
      MACHINE=$(MACHINE)     its type, q35 or pc
      FIRMWARE=$(FIRMWARE)     build of OVMF, 4m or 2m, in OVMF_DIR=$(OVMF_DIR)
      TIMEOUT=$(TIMEOUT)      seconds after which the boot counts as hung
      CMDLINE=$(CMDLINE)        further words of the command line, such as out-of-memory=degrade
  make image    write a disk image with loader and kernel that boots from a USB stick
      IMAGE=$(IMAGE)   where to
      CMDLINE=$(CMDLINE)        the command line
      FILES=$(FILES)          further files, beside the kernel
      SIGN_KEY=$(SIGN_KEY) SIGN_CERT=$(SIGN_CERT)   sign with this RSA key, of this certificate: the loader for Secure Boot;
                      kernel, FILES and CMDLINE for that loader, which starts nothing else
  make build/heap-64K/kernel.elf   the kernel with an early heap of another size
  make clean    remove build/
endef

# --- Sources: what appears in these folders is picked up ------------------------------------------

include kmem/sources.mk
ARCH_SRCS   := $(sort $(wildcard arch/x86_64/*.[cS]))
BOOT_SRCS   := $(sort $(wildcard boot/*.c boot/acpi/*.c)) # of loader and kernel
CONSOLE_SRCS := $(sort $(wildcard boot/console/*.[cS])) # likewise
KERNEL_SRCS := $(sort $(wildcard boot/kernel/*.[cS] boot/kernel/*/*.[cS])) $(BOOT_SRCS) $(CONSOLE_SRCS) $(ARCH_SRCS) $(KMEM_SOURCES)
LOADER_SRCS := $(sort $(wildcard boot/loader/*.[cS]))

# The linker takes from it what the loader uses.
LOADER_LIB_SRCS := $(BOOT_SRCS) $(CONSOLE_SRCS) \
    $(filter-out arch/x86_64/entry.S arch/x86_64/trampoline%,$(ARCH_SRCS)) $(KMEM_SOURCES)

# $(call objects,FOLDER,SOURCES)
objects = $(patsubst %,build/$1/%.o,$(basename $2))

KERNEL_OBJS     := $(call objects,kernel,$(KERNEL_SRCS))
LOADER_OBJS     := $(call objects,loader,$(LOADER_SRCS))
# What makes the loader one that verifies signatures, or one that does not.
SIGNED_OBJS     := $(call objects,loader,$(sort $(wildcard boot/loader/signed/*.c)))
UNSIGNED_OBJS   := $(call objects,loader,$(sort $(wildcard boot/loader/unsigned/*.c)))
LOADER_LIB_OBJS := $(call objects,loader,$(LOADER_LIB_SRCS))

# --- Commands -------------------------------------------------------------------------------------
#
# What compiles or links is a variable NAME here. What it makes depends on build/stamps/NAME, which
# changes only when NAME does, so that a change of flags makes again what it must, and no more.
# They are expanded after the compiler was installed, so that its version is known.

CC_IS_CLANG := $(findstring clang,$(CC))
# The compiler is asked for its version once, when that is needed first.
CC_MAJOR     = $(eval CC_MAJOR := $(firstword $(subst ., ,$(shell $(CC) -dumpversion))))$(CC_MAJOR)
# Debian 12's compilers have nothing to warn of. What others warn of are warnings, and no errors.
WARNINGS = -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
    $(if $(filter $(if $(CC_IS_CLANG),14,12),$(CC_MAJOR)),-Werror)
COMMON   = -std=c11 $(WARNINGS) -I.
COMPILE  = -MMD -MP -c

FREESTANDING = $(COMMON) -O2 -g -ffreestanding -mno-red-zone -fno-stack-protector -fcf-protection=none \
    -fno-asynchronous-unwind-tables
KERNEL_FLAGS = $(FREESTANDING) -fno-pic -mcmodel=kernel -mgeneral-regs-only -fno-omit-frame-pointer $(CFLAGS)
KERNEL_CC    = $(CC) $(KERNEL_FLAGS) $(COMPILE)

# The loader finds in the kernel's file for which version of the contract it was built.
HANDOFF_VERSION = $(shell sed -n 's/^.define HANDOFF_VERSION \([0-9]*\)u.*/\1/p' boot/handoff.h)
# clang takes no -no-pie beside -static, and says so at each link.
KERNEL_LD = $(CC) -nostdlib -static $(if $(CC_IS_CLANG),,-no-pie) -Wl,-T,linker.ld -Wl,-z,max-page-size=4096 \
    -Wl,-z,noexecstack -Wl,--build-id=none -Wl,--defsym=HANDOFF_VERSION=$(HANDOFF_VERSION)

# The firmware calls with Microsoft's convention, GNU-EFI's efi_main is called with System V's.
EFI_FLAGS    := -fshort-wchar -DGNU_EFI_USE_MS_ABI -isystem /usr/include/efi -isystem /usr/include/efi/x86_64
LOADER_FLAGS  = $(FREESTANDING) -fPIC $(EFI_FLAGS) $(CFLAGS)
# gcc needs -maccumulate-outgoing-args for calls with Microsoft's convention; clang does not know it.
LOADER_CC     = $(CC) $(LOADER_FLAGS) $(if $(CC_IS_CLANG),,-maccumulate-outgoing-args) $(COMPILE)
# GNU-EFI's linker script and start code lie where the compiler looks for libraries. The start code
# calls efi_main, and since 3.0.18 _entry, which its library defines for C++. There, constants lie
# behind the script's _edata: _eimage is the end of all that is loaded.
LOADER_LD     = $(LD) -shared -Bsymbolic -znocombreloc -znoexecstack --no-undefined --defsym=_entry=efi_main \
    --defsym=_eimage='ADDR(.dynsym)+SIZEOF(.dynsym)' \
    -T "$$($(CC) -print-file-name=elf_x86_64_efi.lds)" "$$($(CC) -print-file-name=crt0-efi-x86_64.o)"
LOADER_LIBS   = "$$($(CC) -print-file-name=libgnuefi.a)"
# Without .rela the application would run unrelocated, and say nothing about it.
LOADER_PARTS := $(addprefix -j ,.text .sdata .data .rodata .dynamic .dynsym .rel .rela .rel.* .rela.* .reloc)

quote = '$(subst ','\'',$1)'
comma := ,

build/stamps/%: FORCE | compiler-packages
	@mkdir -p $(@D)
	@printf '%s\n' $(call quote,$($*)) | cmp -s - $@ || printf '%s\n' $(call quote,$($*)) >$@

# $(call say,WORD): the line that stands for a command, unless V=1 shows the command itself. A second
# argument stands for the target's name.
ifneq ($(V),1)
Q   := @
say  = @printf '  %-7s %s\n' $1 $(or $2,$@)
endif

# --- Rules ----------------------------------------------------------------------------------------

all: run-packages build/loader.efi build/kernel.elf build/budget-check build/kernel-tests.elf build/boot_waiter.efi

# $(call compile,COMMAND)
define compile
$(call say,$(if $(filter %.S,$<),AS,CC))
$(Q)mkdir -p $(@D) && $1 $< -o $@
endef

build/kernel/%.o: %.c build/stamps/KERNEL_CC | run-packages
	$(call compile,$(KERNEL_CC))

build/kernel/%.o: %.S build/stamps/KERNEL_CC | run-packages
	$(call compile,$(KERNEL_CC))

build/loader/%.o: %.c build/stamps/LOADER_CC | run-packages
	$(call compile,$(LOADER_CC))

build/loader/%.o: %.S build/stamps/LOADER_CC | run-packages
	$(call compile,$(LOADER_CC))

build/kernel/boot/console/font.o build/loader/boot/console/font.o: build/font.psf

build/font.psf: | run-packages
	$(Q)mkdir -p $(@D) && gzip -dc $(FONT) >$@

# $(call checked,NAME,VALUE,LOW,HIGH,STEP,WORDS): VALUE in plain digits; or the end, in one line.
checked = $(or $(shell tests/harness/number.sh $(call quote,$2) $3 $4 $5),$(error $1=$2 is not accepted: give $6))
# $(call one_of,NAME,VALUE,A,B)
one_of  = $(or $(and $(filter 1,$(words $2)),$(filter $3 $4,$2)),$(error $1=$2 is not accepted: give $3 or $4))

CHECKED_MEM = $(call checked,MEM,$(MEM),50331648,1099511627776,1048576,whole MiB from 48M to 1024G such as 128M or 1G)
CHECKED_SMP = $(call checked,SMP,$(SMP),1,255,1,1 to 255 processors)

# The kernel is linked into the top 2 GiB of the address space; the heap may take half of that.
heap_bytes = $(call checked,EARLY_HEAP,$1,4096,1073741824,4096,whole pages of 4 KiB from 4K to 1G such as 64K or 8192)
HEAP_BYTES := $(call heap_bytes,$(EARLY_HEAP))

# $(call link_kernel,BYTES): the objects, with an early heap of so many bytes.
define link_kernel
$(call say,LD)
$(Q)mkdir -p $(@D) && $(KERNEL_LD) -Wl,--defsym=EARLY_HEAP_SIZE=$1 $(filter %.o,$^) -o $@
$(Q)$(PYTHON) boot/loader/elf_note.py $@
endef

build/kernel.elf: $(KERNEL_OBJS) linker.ld boot/loader/elf_note.py $(addprefix build/stamps/,KERNEL_LD KERNEL_OBJS HEAP_BYTES)
	$(call link_kernel,$(HEAP_BYTES))

# What the parts of the boot declare, added up against the heap: boot/kernel/budget.ld. A kernel that is kept has to have
# enough; one that is run may show what becomes of it.
BUDGET_LD    = $(LD) -T boot/kernel/budget.ld --defsym=EARLY_HEAP_SIZE=$(HEAP_BYTES) --defsym=PROCESSORS=$(CHECKED_SMP) \
    --defsym=MEMORY_SIZE=$(CHECKED_MEM)
BUDGET_WORDS = $(PYTHON) boot/budget.py build/kernel.elf $(HEAP_BYTES) $(CHECKED_SMP) $(CHECKED_MEM) \
    $(if $(BUDGET),$(call one_of,BUDGET,$(BUDGET),check,warn),$(@:build/budget-%=%))

build/budget-check build/budget-warn: build/kernel.elf boot/kernel/budget.ld boot/budget.py \
    $(addprefix build/stamps/,BUDGET_LD BUDGET)
	$(Q)$(BUDGET_LD) $(KERNEL_OBJS) -o $@ 2>$@.words || $(BUDGET_WORDS) <$@.words
	$(Q)touch $@

build/heap-%/kernel.elf: $(KERNEL_OBJS) linker.ld boot/loader/elf_note.py \
    $(addprefix build/stamps/,KERNEL_LD KERNEL_OBJS)
	$(call link_kernel,$(call heap_bytes,$*))

define archive
$(call say,AR)
$(Q)rm -f $@ && $(AR) rc $@ $(filter %.o,$^)
endef

build/loader/lib.a: $(LOADER_LIB_OBJS) build/stamps/LOADER_LIB_OBJS
	$(archive)

define link_efi
$(call say,LD)
$(Q)mkdir -p $(@D) && $(LOADER_LD) $(filter %.o %.a,$^) $(LOADER_LIBS) -o $@
endef

build/loader.so: $(LOADER_OBJS) $(UNSIGNED_OBJS) build/loader/lib.a $(addprefix build/stamps/,LOADER_LD LOADER_OBJS)
	$(link_efi)

# What verifies is BearSSL, and the certificate is in it.
build/signed/loader.so: $(LOADER_OBJS) $(SIGNED_OBJS) build/signed/certificate.o build/loader/lib.a \
    $(addprefix build/stamps/,LOADER_LD LOADER_OBJS)
	$(link_efi)

build/signed/loader.so: LOADER_LIBS += "$$($(CC) -print-file-name=libbearssl.a)"

$(SIGNED_OBJS): | signing-packages

# ld makes its symbols of the name of a file.
build/signed/certificate.o: build/signed/certificate.der
	$(Q)cd $(@D) && $(LD) -r -b binary -o $(@F) $(<F)

build/signed/certificate.der: $(SIGN_CERT) build/stamps/SIGN_CERT | signing-packages
	$(Q)mkdir -p $(@D) && openssl x509 -in $(call quote,$(SIGN_CERT)) -outform DER -out $@

build/%.efi: build/%.so boot/loader/pe.py build/stamps/LOADER_PARTS
	$(call say,OBJCOPY)
	$(Q)objcopy --strip-all $(LOADER_PARTS) --output-target efi-app-x86_64 --subsystem=10 $< $@
	$(Q)$(PYTHON) boot/loader/pe.py $@

-include $(patsubst %.o,%.d,$(KERNEL_OBJS) $(LOADER_OBJS) $(SIGNED_OBJS) $(UNSIGNED_OBJS) $(LOADER_LIB_OBJS))

# --- What can be done -----------------------------------------------------------------------------

# Checked before anything is built.
RUN_OPTIONS := --mem $(CHECKED_MEM) --smp $(CHECKED_SMP) \
    --machine $(call one_of,MACHINE,$(MACHINE),q35,pc) \
    --firmware $(call one_of,FIRMWARE,$(FIRMWARE),4m,2m) --firmware-directory $(call quote,$(OVMF_DIR)) \
    --timeout $(call checked,TIMEOUT,$(TIMEOUT),1,86400,1,1 to 86400 seconds) \
    $(foreach word,$(CMDLINE),--cmdline=$(call quote,$(word)))

run: run-packages build/loader.efi build/kernel.elf build/budget-warn build/replay
	$(Q)$(PYTHON) tests/harness/boot.py --cold --power-off --report build/report.html $(RUN_OPTIONS)

ifneq ($(SIGN_KEY)$(SIGN_CERT),)
ifeq ($(and $(SIGN_KEY),$(SIGN_CERT)),)
$(error $(if $(SIGN_KEY),SIGN_KEY=$(SIGN_KEY),SIGN_CERT=$(SIGN_CERT)) is not accepted: \
    give SIGN_KEY and SIGN_CERT together)
endif
endif

# The firmware verifies the loader, and the loader all else.
define sign_image
$(Q)sbsign --key $(call quote,$(SIGN_KEY)) --cert $(call quote,$(SIGN_CERT)) --output $(IMAGE).efi $(IMAGE_LOADER)
$(Q)boot/manifest.sh $(call quote,$(SIGN_KEY)) $(call quote,$(SIGN_CERT)) build/signed $(call quote,$(CMDLINE)) build/kernel.elf $(FILES)
endef
SIGNED_FILES := $(if $(SIGN_KEY),build/signed/manifest.txt build/signed/manifest.sig)

IMAGE_LOADER := build/$(if $(SIGN_KEY),signed/)loader.efi

image: image-packages $(IMAGE_LOADER) build/kernel.elf build/budget-check
	$(Q)mkdir -p $(dir $(IMAGE))
	$(if $(SIGN_KEY),$(sign_image))
	$(Q)boot/image.sh $(IMAGE) $(if $(SIGN_KEY),$(IMAGE).efi,$(IMAGE_LOADER)) build/kernel.elf $(call quote,$(CMDLINE)) $(SIGNED_FILES) $(FILES)

clean:
	$(Q)rm -rf build

help:
	$(foreach part,make kmem install tests embed model fuzz proof coverage bench packages,$(info $(help_$(part))))
	@:

# Nothing is written beside the sources.
export PYTHONDONTWRITEBYTECODE := 1
# Where the programs of the tests find each other's modules.
export PYTHONPATH := $(CURDIR)/tests/harness:$(CURDIR)/tests/proof

FORCE:
.PHONY: all run image clean help FORCE
.DELETE_ON_ERROR:
.PRECIOUS: build/stamps/%
.SUFFIXES:

include kmem/kmem.mk tests/harness/packages.mk tests/harness/install.mk tests/tests.mk tests/embed/embed.mk \
    tests/model/model.mk tests/fuzz/fuzz.mk tests/proof/proof.mk tests/coverage/coverage.mk tests/bench/bench.mk
