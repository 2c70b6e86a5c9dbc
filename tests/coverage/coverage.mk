# SPDX-License-Identifier: MIT
#
# Coverage of kmem/ by its suites. The Makefile includes it.

# gcc 12 and clang 14 know no MC/DC. The suites run on 64 bits and on 32.
COVERAGE_RUNTIME  := /usr/lib/llvm-19/lib/clang/19/lib/linux/libclang_rt.profile-i386.a
COVERAGE_PACKAGES := clang-19=clang-19 llvm-19=llvm-cov-19 libclang-rt-19-dev=$(COVERAGE_RUNTIME) g++=g++ \
    gcc-i686-linux-gnu=i686-linux-gnu-gcc libc6-dev-i386-cross=/usr/i686-linux-gnu/include/stdio.h \
    qemu-user=qemu-i386

# Every branch, and every condition by itself: fails unless all of them are covered.
coverage: | coverage-packages
	$(PYTHON) -B tests/coverage/measure.py $(addprefix --without ,$(WITHOUT))

coverage-packages:
	@tests/harness/packages.sh $(COVERAGE_PACKAGES)

.PHONY: coverage coverage-packages
