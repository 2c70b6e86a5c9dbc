# SPDX-License-Identifier: MIT
#
# What has to be installed for each target, as PACKAGE=PROBE (see packages.sh). The Makefile includes it.

define help_packages

With every target:
      V=1             show the commands
      INSTALL_PACKAGES=$(INSTALL_PACKAGES)   install what is missing with apt-get, and say so before; no: stop there
endef

INSTALL_PACKAGES ?= yes
export INSTALL_PACKAGES

FONT := /usr/share/consolefonts/Unifont-APL8x16.psf.gz

packages_compiler := gcc=gcc $(if $(CC_IS_CLANG),clang=clang)
packages_run := $(packages_compiler) libc6-dev=/usr/include/stdio.h gnu-efi=/usr/include/efi/efi.h \
    psf-unifont=$(FONT) qemu-system-x86=qemu-system-x86_64 python3=/usr/bin/python3 \
    $(if $(filter /usr/share/OVMF,$(OVMF_DIR)),ovmf=$(OVMF_DIR)/OVMF_CODE_4M.fd)

# Python has read TOML by itself since 3.11.
TOML := $(shell /usr/bin/python3 -c "import tomllib" 2>/dev/null || echo python3-tomli=python:tomli)
packages_install := $(packages_run) $(TOML)

packages_docs := doxygen=doxygen python3=/usr/bin/python3

packages_signing := $(packages_run) sbsigntool=sbsign openssl=openssl libbearssl-dev=/usr/include/bearssl.h
packages_image := $(if $(SIGN_KEY),$(packages_signing),$(packages_run)) fdisk=/usr/sbin/sfdisk mtools=mcopy

# The kernels of other kinds: compilers, GRUB's CD, machines and firmware.
packages_embed := gcc=gcc python3=/usr/bin/python3 gcc-aarch64-linux-gnu=aarch64-linux-gnu-gcc \
    gcc-arm-linux-gnueabihf=arm-linux-gnueabihf-gcc gcc-riscv64-linux-gnu=riscv64-linux-gnu-gcc clang=clang lld=lld-link \
    grub-common=grub-mkrescue grub-pc-bin=/usr/lib/grub/i386-pc/multiboot2.mod xorriso=xorriso mtools=mcopy \
    grub-efi-amd64-bin=/usr/lib/grub/x86_64-efi/multiboot2.mod qemu-system-x86=qemu-system-x86_64 \
    qemu-system-arm=qemu-system-aarch64 qemu-efi-aarch64=/usr/share/qemu-efi-aarch64/QEMU_EFI.fd \
    qemu-system-riscv,qemu-system-misc=qemu-system-riscv64

# $(call cross,TRIPLET,ARCHITECTURE): a compiler for another processor, and its C library.
cross = gcc-$1=$1-gcc libc6-dev-$2-cross=/usr/$1/include/stdio.h

# The sanitizers' part of clang, which all but Ubuntu 22.04 have in a package of its own.
CLANG_RUNTIME := $(wildcard /usr/lib/llvm-*/lib/clang/*/lib/linux/libclang_rt.asan-x86_64.a) \
    $(filter jammy,$(shell . /etc/os-release 2>/dev/null && echo $$VERSION_CODENAME))

# Ubuntu has it only as a snap, which the tests cannot use: those in a browser are left out there.
BROWSER := $(shell . /etc/os-release 2>/dev/null && [ "$$ID" = debian ] && echo chromium=chromium)

packages_test := $(packages_install) $(packages_image) $(packages_signing) $(packages_docs) $(packages_embed) \
    gdb=gdb groff-base=groff $(BROWSER) g++=g++ tcc=tcc python3-pytest=python:pytest \
    clang=clang llvm=llvm-objcopy clang-format=clang-format clang-tidy=clang-tidy cppcheck=cppcheck flake8=flake8 \
    mypy=mypy meson=meson ninja-build=ninja cmake=cmake pkgconf=pkg-config \
    liblua5.4-dev=/usr/include/lua5.4/lua.h libsqlite3-dev=/usr/include/sqlite3.h libexpat1-dev=/usr/include/expat.h \
    libjansson-dev=/usr/include/jansson.h libcjson-dev=/usr/include/cjson/cJSON.h zlib1g-dev=/usr/include/zlib.h acpica-tools=acpiexec \
    $(if $(strip $(CLANG_RUNTIME)),,libclang-rt-dev=/usr/share/doc/libclang-rt-dev) \
    qemu-user=qemu-aarch64 $(call cross,aarch64-linux-gnu,arm64) $(call cross,riscv64-linux-gnu,riscv64) \
    $(call cross,i686-linux-gnu,i386) $(call cross,s390x-linux-gnu,s390x) $(call cross,arm-linux-gnueabihf,armhf) \
    $(call cross,m68k-linux-gnu,m68k)

packages_foreign := qemu-system-x86=qemu-system-x86_64 qemu-system-riscv,qemu-system-misc=qemu-system-riscv64 \
    qemu-system-arm=qemu-system-arm python3=/usr/bin/python3 $(TOML) git=git gcc=gcc flex=flex bison=bison bc=bc $(call cross,riscv64-linux-gnu,riscv64)

# gcc 12 and clang 14 know no MC/DC. The suites run on 64 bits and on 32.
packages_coverage := clang-19=clang-19 llvm-19=llvm-cov-19 g++=g++ qemu-user=qemu-i386 \
    libclang-rt-19-dev=/usr/lib/llvm-19/lib/clang/19/lib/linux/libclang_rt.profile-i386.a \
    $(call cross,i686-linux-gnu,i386)

packages_proof := frama-c-base=frama-c why3=why3 z3=z3 cvc4=cvc4 relacy-dev=/usr/include/relacy/relacy.hpp g++=g++

# What counts our instructions, and what the other allocators need.
packages_count := gcc=gcc clang=clang libc6-dev=/usr/include/stdio.h python3=/usr/bin/python3
packages_bench := $(packages_count) g++=g++ rustc=/usr/bin/rustc npm=npm \
    librust-bumpalo-dev=/usr/share/doc/librust-bumpalo-dev libmimalloc-dev=/usr/include/mimalloc.h \
    libapr1-dev=/usr/include/apr-1.0/apr_pools.h libtalloc-dev=/usr/include/talloc.h

PACKAGE_GOALS := $(addsuffix -packages,compiler run install docs image signing test embed foreign coverage proof count bench)

$(PACKAGE_GOALS): %-packages:
	@tests/harness/packages.sh $(sort $(packages_$*))

.PHONY: $(PACKAGE_GOALS)
