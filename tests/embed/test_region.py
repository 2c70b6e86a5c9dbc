# SPDX-License-Identifier: MIT
"""region_fdt.h on the device trees that QEMU makes for its boards."""

import subprocess

import pytest

import host_program

PROGRAM = """
#include "kmem/region_fdt.h"

#include <inttypes.h>
#include <stdio.h>

int main(int count, char **arguments)
{
    static unsigned char tree[1 << 20];
    static struct region entries[64];
    struct region_map map;
    FILE *file = count == 2 ? fopen(arguments[1], "rb") : NULL;

    if (!file || fread(tree, 1, sizeof tree, file) == 0)
        return 2;
    region_init(&map, entries, 64);
    if (!region_add_fdt(&map, tree, region_fdt_size(tree)))
        return 1;
    for (size_t i = 0; i < map.count; i++)
        printf("%" PRIx64 " %" PRIx64 " %" PRIu32 "\\n", entries[i].start, entries[i].end, entries[i].kind);
    return 0;
}
"""
MIB = 1 << 20


@pytest.fixture(scope="module")
def reader(tmp_path_factory):
    return host_program.build(tmp_path_factory.mktemp("region"), PROGRAM, "kmem/region.c", "kmem/region_fdt.c")


@pytest.mark.parametrize(
    "board, start, mebibytes",
    (
        (["qemu-system-aarch64", "-M", "virt"], 0x40000000, 192),
        (["qemu-system-aarch64", "-M", "virt", "-cpu", "cortex-a72"], 0x40000000, 6144),  # beyond 4 GiB
        (["qemu-system-riscv64", "-M", "virt"], 0x80000000, 192),
        (["qemu-system-riscv64", "-M", "virt,aclint=on", "-smp", "4"], 0x80000000, 4096),
    ),
    ids=lambda value: value[0].split("-")[-1] if isinstance(value, list) else None,
)
def test_the_memory_of_a_board_is_found(reader, board, start, mebibytes, tmp_path):
    tree = tmp_path / "tree"
    subprocess.run([*board, "-m", f"{mebibytes}M", "-M", f"dumpdtb={tree}"], check=True, capture_output=True)
    said = subprocess.run([reader, tree], capture_output=True, text=True, check=True).stdout
    assert said.splitlines() == [f"{start:x} {start + mebibytes * MIB:x} 0"]
