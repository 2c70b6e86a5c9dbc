# SPDX-License-Identifier: MIT
#
# Kernels of other kinds: kmem/ as a user would copy it, with its suites, in the smallest kernel of each kind. The
# Makefile includes it; harness.toml in the folder of each kind boots it.

define help_embed
  make embed    build the kernels of other kinds that tests/embed has, to build/embed
endef

# The compiler for each processor, with the flags that kmem/README.md names; _uefi: for UEFI's file format.
EMBED_CC_x86_64       = $(CC) -m64 -mgeneral-regs-only -mno-red-zone -fcf-protection=none -fno-pic
EMBED_CC_i686         = $(CC) -m32 -mgeneral-regs-only -fcf-protection=none -fno-pic
EMBED_CC_aarch64      = aarch64-linux-gnu-gcc -mgeneral-regs-only -mstrict-align -mno-outline-atomics -fno-pic
EMBED_CC_armv7m       = arm-linux-gnueabihf-gcc -mcpu=cortex-m3 -mthumb -mfloat-abi=soft -fno-pic
EMBED_CC_riscv64      = riscv64-linux-gnu-gcc -march=rv64imac -mabi=lp64 -mcmodel=medany -fno-pic
EMBED_CC_x86_64_uefi  = clang --target=x86_64-unknown-windows -mgeneral-regs-only -mno-red-zone
EMBED_CC_aarch64_uefi = clang --target=aarch64-unknown-windows -mgeneral-regs-only
EMBED_PROCESSORS     := x86_64 i686 aarch64 armv7m riscv64 x86_64_uefi aarch64_uefi

EMBED_FLAGS = $(COMMON) -O2 -g -ffreestanding -fno-stack-protector
EMBED_LINK  = -nostdlib -static -Wl,--build-id=none,-z,noexecstack,-z,max-page-size=4096
EMBED_LLD   = lld-link -subsystem:efi_application -entry:efi_main -nodefaultlib

# kmem/ is one file here, as `make amalgamation` writes it.
build/embed/kmem.c: $(wildcard kmem/*.[ch]) kmem/amalgamate.py
	$(Q)$(PYTHON) kmem/amalgamate.py $(@D)

# What is the same in all of them.
EMBED_COMMON := $(sort $(wildcard tests/suites/*.c)) $(addprefix tests/embed/parts/,main.c string.c)

# $(call embed_processor,PROCESSOR)
define embed_processor
EMBED_COMPILE_$1   = $$(EMBED_CC_$1) $$(EMBED_FLAGS) $$(COMPILE)
EMBED_COMMON_OBJS_$1 := build/embed/$1/kmem.o $(call objects,embed/$1,$(EMBED_COMMON))

build/embed/$1/%.o: %.c build/stamps/EMBED_COMPILE_$1 | embed-packages
	$$(call compile,$$(EMBED_COMPILE_$1))

build/embed/$1/%.o: %.S build/stamps/EMBED_COMPILE_$1 | embed-packages
	$$(call compile,$$(EMBED_COMPILE_$1))

build/embed/$1/%.o: build/embed/%.c build/stamps/EMBED_COMPILE_$1 | embed-packages
	$$(call compile,$$(EMBED_COMPILE_$1))
endef

# $(call embed_objects,PROCESSOR,FILES): of these and of what is common.
embed_objects = $(call objects,embed/$1,$2) $(EMBED_COMMON_OBJS_$1)

# $(call embed_kernel,KIND,PROCESSOR,PARTS,LINKER SCRIPT[,LOAD ADDRESS])
define embed_kernel
EMBED_OBJS_$1 := $(call embed_objects,$2,$(wildcard tests/embed/$1/*.S) $(addprefix tests/embed/parts/,$3 claim_nothing.c))
EMBED_LD_$1    = $$(EMBED_CC_$2) $$(EMBED_LINK) -Wl,-T,tests/embed/$4$(if $5,$(comma)--defsym=LOAD_ADDRESS=$5)

build/embed/$1.elf: $$(EMBED_OBJS_$1) tests/embed/$4 $(addprefix build/stamps/EMBED_,OBJS_$1 LD_$1)
	$$(call say,LD)
	$$(Q)$$(EMBED_LD_$1) $$(filter %.o,$$^) -o $$@

embed: build/embed/$1.elf

-include $$(EMBED_OBJS_$1:.o=.d)
endef

# $(call embed_application,PROCESSOR)
define embed_application
EMBED_OBJS_$1 := $(call embed_objects,$1,tests/embed/parts/uefi.c)

build/embed/$1.efi: $$(EMBED_OBJS_$1) $(addprefix build/stamps/EMBED_,OBJS_$1 LLD)
	$$(call say,LD)
	$$(Q)$$(EMBED_LLD) $$(filter %.o,$$^) -out:$$@

embed: build/embed/$1.efi

-include $$(EMBED_OBJS_$1:.o=.d)
endef

$(foreach processor,$(EMBED_PROCESSORS),$(eval $(call embed_processor,$(processor))))
$(foreach processor,$(filter %_uefi,$(EMBED_PROCESSORS)),$(eval $(call embed_application,$(processor))))

# $(call embed,KIND,PROCESSOR,PARTS,…): as embed_kernel, which it defines.
embed = $(eval $(call embed_kernel,$1,$2,$3,$4,$5))
$(call embed,riscv64_bare,riscv64,start_riscv64.S console_16550_memory.c memory_fdt.c leave_sifive_test.c,parts/kernel.ld,0x80000000)
$(call embed,riscv64_sbi,riscv64,start_riscv64.S console_sbi.c memory_fdt.c leave_sbi.c,parts/kernel.ld,0x80200000)
$(call embed,aarch64_virt,aarch64,console_pl011.c memory_fdt.c leave_semihosting.c,parts/kernel.ld,0x40200000)
$(call embed,cortex_m,armv7m,console_cmsdk.c memory_linker.c leave_semihosting.c,cortex_m/link.ld)
$(call embed,i686_multiboot,i686,console_16550_port.c memory_multiboot1.c leave_debug_exit.c,parts/kernel.ld,0x100000)
$(call embed,x86_64_pvh,x86_64,start_x86_64.S console_16550_port.c memory_pvh.c leave_debug_exit.c,parts/kernel.ld,0x100000)
$(call embed,x86_64_multiboot2,x86_64,start_x86_64.S console_16550_port.c memory_multiboot2.c leave_debug_exit.c,parts/kernel.ld,0x100000)

# A CD that starts by a BIOS and by UEFI.
build/embed/x86_64_multiboot2.iso: build/embed/x86_64_multiboot2.elf tests/embed/x86_64_multiboot2/grub.cfg
	$(call say,GRUB)
	$(Q)mkdir -p build/embed/cd/boot/grub && cp $< build/embed/cd/boot && cp $(word 2,$^) build/embed/cd/boot/grub
	$(Q)grub-mkrescue --output=$@ build/embed/cd >build/embed/grub.log 2>&1 || { cat build/embed/grub.log; exit 1; }

embed: build/embed/x86_64_multiboot2.iso

# What compilers for this computer can read: without the registers of other processors.
EMBED_LINTED := $(filter-out %_sbi.c %_semihosting.c,$(wildcard tests/embed/parts/*.c))

.PHONY: embed
