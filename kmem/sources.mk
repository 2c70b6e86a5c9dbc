# SPDX-License-Identifier: MIT
#
# The sources of kmem/ for a Makefile that includes this file: KMEM_SOURCES, all .c files that lie beside it, but
# those of the pieces in KMEM_WITHOUT, such as fba_shared for a processor without atomic instructions.

KMEM_FOLDER  := $(dir $(lastword $(MAKEFILE_LIST)))
KMEM_SOURCES := $(filter-out $(KMEM_WITHOUT:%=$(KMEM_FOLDER)%.c),$(sort $(wildcard $(KMEM_FOLDER)*.c)))
