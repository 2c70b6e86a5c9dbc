# SPDX-License-Identifier: MIT
"""region_sources.h on the memory maps of real machines, as their boot logs have them: against a model, in any order,
and by UEFI as by E820, where a log has both."""

import random
import struct
import subprocess

import pytest

import host_program
from c_sources import ROOT

USABLE, RECLAIMABLE, RESERVED = 0, 16, 32
GIB = 1 << 30
FOLDER = ROOT / "tests" / "embed" / "maps"
MACHINES = sorted(path.stem for path in FOLDER.glob("*.txt"))
PROGRAM = """
#include "kmem/region_sources.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print(const struct region_map *map)
{
    for (size_t i = 0; i < map->count; i++)
        printf("%" PRIx64 " %" PRIx64 " %" PRIu32 "\\n", map->entries[i].start, map->entries[i].end, map->entries[i].kind);
}

// format stride size align lowest limit < map
int main(int count, char **arguments)
{
    static unsigned char bytes[1 << 16];
    static struct region entries[256];
    struct region_map map;
    size_t size = fread(bytes, 1, sizeof bytes, stdin);

    if (count != 7)
        return 2;
    size_t stride = strtoul(arguments[2], NULL, 0);
    const struct region_request request = {strtoull(arguments[3], NULL, 0), strtoull(arguments[4], NULL, 0),
                                           strtoull(arguments[5], NULL, 0), strtoull(arguments[6], NULL, 0)};
    uint64_t start = UINT64_MAX;

    region_init(&map, entries, 256);
    if (!(strcmp(arguments[1], "e820") == 0 ? region_add_e820(&map, bytes, size / stride, stride)
                                            : region_add_uefi(&map, bytes, size, stride)))
        return 1;
    print(&map);
    region_take(&map, &request, &start);
    printf("place %" PRIx64 "\\n", start);
    if (start != UINT64_MAX)
        region_set(&map, start, request.size, REGION_USABLE);
    region_reclaim(&map);
    print(&map);
    return map.lacking != 0;
}
"""


def records(machine, form):
    """[(start, end, type, attribute)] of one format, as the log has them."""
    lines = (line.split() for line in (FOLDER / f"{machine}.txt").read_text(encoding="utf-8").splitlines())
    return [
        (int(words[1], 16), int(words[2], 16), int(words[3]), int(words[4], 16) if len(words) > 4 else 0)
        for words in lines if words[0] == form
    ]


def packed(form, entries, stride):
    """As the firmware lays them out in memory."""
    if form == "e820":
        parts = (struct.pack("<QQI", start, end - start, kind) for start, end, kind, _ in entries)
    else:
        parts = (struct.pack("<IIQQQQ", kind, 0, start, 0, (end - start) >> 12, attribute)
                 for start, end, kind, attribute in entries)
    return b"".join(part.ljust(stride, b"\xee") for part in parts)


def kind_of(form, number, attribute):
    if form == "e820":
        return {1: USABLE, 3: RECLAIMABLE}.get(number, RESERVED)
    if not attribute & 8 or attribute >> 63:  # cannot be cached, or is for runtime services
        return RESERVED
    return USABLE if number == 7 else RECLAIMABLE if number in (1, 2, 3, 4, 9) else RESERVED


def merged(ranges):
    """Neighbours of a kind as one."""
    found = []
    for start, end, kind in ranges:
        if found and found[-1][1:] == (start, kind):
            start = found.pop()[0]
        found.append((start, end, kind))
    return found


def strictest(form, entries):
    """[(start, end, kind)], ascending: each byte is of the strictest kind that an entry gives it."""
    edges = sorted({edge for start, end, *_ in entries for edge in (start, end)})
    pieces = []
    for start, end in zip(edges, edges[1:]):
        kinds = [kind_of(form, *rest) for first, beyond, *rest in entries if first <= start and end <= beyond]
        if kinds:
            pieces.append((start, end, max(kinds)))
    return merged(pieces)


def lowest_place(ranges, size, align, lowest, limit):
    for start, end, kind in ranges:
        place = -(-max(start, lowest) // align) * align
        if kind == USABLE and place + size <= min(end, limit):
            return place
    return (1 << 64) - 1


@pytest.fixture(scope="module")
def reader(tmp_path_factory):
    return host_program.build(tmp_path_factory.mktemp("maps"), PROGRAM, "kmem/region.c", "kmem/region_sources.c")


def read(reader, form, entries, stride, *request):
    """(the map, the place of the request, the map once what is reclaimable is reclaimed)"""
    done = subprocess.run([reader, form, str(stride), *map(str, request)], input=packed(form, entries, stride),
                          stdout=subprocess.PIPE, check=True)
    before, _, rest = done.stdout.decode().partition("place ")
    place, _, after = rest.partition("\n")
    maps = [[(int(start, 16), int(end, 16), int(kind)) for start, end, kind in map(str.split, text.splitlines())]
            for text in (before, after)]
    return maps[0], int(place, 16), maps[1]


FORMS = [(machine, form) for machine in MACHINES for form in ("e820", "uefi") if records(machine, form)]


@pytest.mark.parametrize("machine, form", FORMS)
def test_a_map_is_read_as_it_is_meant_in_any_order(reader, machine, form):
    entries = records(machine, form)
    wanted = strictest(form, entries)
    reclaimed = merged((start, end, USABLE if kind == RECLAIMABLE else kind) for start, end, kind in wanted)
    for seed in range(20):
        for stride in (20, 24) if form == "e820" else (40, 48):
            assert read(reader, form, entries, stride, 1, 1, 0, 1)[::2] == (wanted, reclaimed)
        # A kernel that has two maps, and adds both.
        entries = records(machine, form) * (seed % 2 + 1)
        random.Random(seed).shuffle(entries)


@pytest.mark.parametrize("machine, form", FORMS)
def test_a_heap_is_found_where_it_was_asked_for(reader, machine, form):
    entries = records(machine, form)
    for request in (
        (256 << 10, 4096, 1 << 20, 4 * GIB),
        (64 << 20, 2 << 20, 1 << 20, 4 * GIB),
        (6 * GIB, GIB, 0, 1 << 52),  # above 4 GiB, if at all
        (4096, 4096, 0, 4096),  # page 0
        (1 << 20, 1 << 20, 3 * GIB, 4 * GIB),
        (384 << 10, 4096, 0xa0000, 1 << 20),  # what stands on a PC's screen
    ):
        wanted = lowest_place(strictest(form, entries), *request)
        assert read(reader, form, entries, 48, *request)[1] == wanted


@pytest.mark.parametrize("machine", [machine for machine in MACHINES if records(machine, "uefi")])
def test_both_maps_of_a_machine_have_the_same_memory(reader, machine):
    """Linux made the one of the other: once all is reclaimed, the same bytes are usable."""
    usable = [
        [entry for entry in read(reader, form, records(machine, form), 48, 1, 1, 0, 1)[2] if entry[2] == USABLE]
        for form in ("e820", "uefi")
    ]
    assert usable[0] == usable[1]
