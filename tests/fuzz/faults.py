#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Seeds faults, one at a time, and demands that the fuzz target finds each: in the kept corpus, or in a few
seconds of new inputs.

    faults.py [SECONDS]
    faults.py --check      only whether each fault fits the sources as they are

Prints a line a fault; exit 1 if one was not found. What was said is kept in build/fuzz/fault/NAME/.
"""

import re
import shutil
import sys

import fuzz
from c_sources import ROOT

BUILD = ROOT / "build" / "fuzz" / "fault"
WORDS = {
    fuzz.Found.NOTHING: "NOT FOUND",
    fuzz.Found.IN_CORPUS: "found by the kept corpus",
    fuzz.Found.IN_NEW_INPUTS: "found by new inputs",
}

# (target, name, file, the text as it ships, the text with the fault)
FAULTS = [
    ("fba_fuzz", "a sum that wraps", "kmem/fba.h",
     "return size > UINTPTR_MAX - before || before + size >= upper;", "return before + size >= upper;"),
    ("fba_fuzz", "a watermark forgotten", "kmem/fba.c",
     "    if (last > fba->lower.watermark)\n        fba->lower.watermark = last;\n", ""),
    ("fba_fuzz", "a realloc that copies too much", "kmem/fba_inline.h",
     "memcpy(moved, block, old_size < new_size ? old_size : new_size);", "memcpy(moved, block, old_size);"),
    ("fba_fuzz", "a tail over blocks", "kmem/fba_handoff.c",
     "return size < fba->end - fba->lower.edge ?", "return size <= fba->end - fba->lower.edge ?"),
    ("fba_fuzz", "an inline size without a limit", "kmem/fba_inline.h",
     "size > FBA_ADDRESS_SPACE_GUARD || align", "align"),
    ("containers_fuzz", "an insert that loses the last item", "kmem/array_list.c",
     "(list->count - index) * list->item_size);", "(list->count - index - 1) * list->item_size);"),
    ("containers_fuzz", "a move that copies the capacity", "kmem/array_list.c",
     "memcpy(items, list->items, list->count * list->item_size);",
     "memcpy(items, list->items, capacity * list->item_size);"),
    ("containers_fuzz", "a list that asks for more in vain", "kmem/array_list.c",
     "bool fits = fba_array_size(wanted, list->item_size) <= available;", "bool fits = available != 0;"),
    ("containers_fuzz", "a resize that is not accounted for", "kmem/ledger.c",
     "ledger->requested = ledger->requested - old_size + new_size;", ""),
    ("decorators_fuzz", "growth beyond the budget", "kmem/limit.c",
     "new_size > old_size && !is_within(limit, new_size - old_size)", "new_size > old_size && !is_within(limit, 0)"),
    ("decorators_fuzz", "an answer beyond the budget", "kmem/limit.c",
     "return inner < budget ? inner : budget;", "return inner < budget ? inner : inner;"),
    ("decorators_fuzz", "a failure that is not counted", "kmem/limit.c", "    limit->failures++;\n", ""),
    ("decorators_fuzz", "a failed block counted", "kmem/failing.c",
     "failing->blocks += block != NULL;", "failing->blocks++;"),
    ("decorators_fuzz", "shrinking fails as well", "kmem/failing.c",
     "if (new_size > old_size && is_due(", "if (is_due("),
    ("decorators_fuzz", "asked for, not whether", "kmem/fallback.c",
     "return available != 0 && size <= available;", "return size <= available;"),
    ("decorators_fuzz", "the second not asked", "kmem/fallback.c",
     "return first > second ? first : second;", "return first > second ? first : first;"),
    ("decorators_fuzz", "a table without alignment", "kmem/fba_allocator.c",
     "fba_take_(fba, size, align)", "fba_take_(fba, size, 1)"),
    ("decorators_fuzz", "an answer without the zones", "kmem/redzone.c",
     "return inner > zones ? inner - zones : 0;", "return inner > zones ? inner : 0;"),
    ("decorators_fuzz", "a back zone that is too short", "kmem/redzone.c",
     "return REDZONE_SIZE + (GRANULE", "return REDZONE_SIZE / 2 + (GRANULE"),
    ("decorators_fuzz", "a true size forgotten", "kmem/redzone.c", "    header->size = new_size;\n", ""),
    ("decorators_fuzz", "padding that stays", "kmem/reclaim.c",
     "(struct reclaim_record){block, before, fba->lower.edge};",
     "(struct reclaim_record){block, before < (uintptr_t)block ? (uintptr_t)block - 1 : 0, fba->lower.edge};"),
    ("decorators_fuzz", "blocks of zero bytes", "kmem/reclaim.c", "return size > 0 ? size : 1;", "return size;"),
    ("decorators_fuzz", "freed bytes without the pattern", "kmem/poison.c",
     "    poison_fill(fba->lower.edge + 1, lower + 1);\n", ""),
    ("decorators_fuzz", "records that do not join", "kmem/reclaim.c",
     "if (lower->block || ", "if (lower->block || upper > 0 || "),
    ("decorators_fuzz", "a waiting block of another class", "kmem/free_lists.c",
     "    *(void **)block = lists->heads[class];\n    lists->heads[class] = block;\n",
     "    *(void **)block = lists->heads[class + 1];\n    lists->heads[class + 1] = block;\n"),
    ("decorators_fuzz", "a waiting block at any alignment", "kmem/free_lists.c",
     "((uintptr_t)lists->heads[class] & (align - 1)) == 0", "(align & (align - 1)) == 0"),
    ("region_fuzz", "an entry larger than its list", "kmem/region_sources.c",
     "if (size < E820_SIZE || size > length - 4)", "if (size < E820_SIZE)"),
    ("region_fuzz", "a tag larger than what is left", "kmem/region_sources.c",
     "if (size < 8 || size > left)", "if (size < 8)"),
    ("region_fuzz", "a reservation beyond its tree", "kmem/region_fdt.c", "fdt_has(reader, at, 16)", "fdt_has(reader, at, 8)"),
    ("region_fuzz", "neighbours of a kind that stay two", "kmem/region.c",
     "entry->start > added.end", "entry->start >= added.end"),
    ("region_fuzz", "a page that is given in part", "kmem/region.c",
     "uint64_t end = entry->end & ~(granule - 1);", "uint64_t end = entry->end;"),
    ("elf_fuzz", "a range that wraps", "boot/loader/elf.c",
     "return range_has((struct range){0, checker->size}, offset, size);", "return offset + size <= checker->size;"),
    ("elf_fuzz", "a note beyond the file", "boot/loader/elf_note.c", "if (owner_size + description_size > range_size(notes))",
     "if (owner_size + description_size > notes.end)"),
    ("elf_fuzz", "bytes that are not compared", "boot/loader/elf_note.c",
     "if (checksum_of(file, program, note) != linked->checksum)", "if (checksum_of(file, program, note) == 0)"),
    ("elf_fuzz", "a note that is not compared", "boot/loader/elf_note.c",
     "sizeof *note - sizeof note->checksum) != note->checksum)", "sizeof *note - sizeof note->checksum) == 0)"),
    ("elf_fuzz", "segments that overlap", "boot/loader/elf.c",
     "if (a->start < page_end(b->end) && b->start < page_end(a->end))", "if (a->start == b->start)"),
    ("elf_fuzz", "an entry in mere data", "boot/loader/elf.c",
     "if (!segment->executable)", "if (segment->end == entry)"),
    ("elf_fuzz", "writable and executable", "boot/loader/elf.c",
     "if ((header->p_flags & PF_W) && (header->p_flags & PF_X))", "if ((header->p_flags & PF_W) && header->p_flags == 0)"),
    ("acpi_fuzz", "a table read beyond its end", "boot/acpi/table.c",
     "return range_has((struct range){0, table->length}, offset, size);", "return offset <= table->length || size == 0;"),
    ("acpi_fuzz", "a structure without a length", "boot/acpi/madt.c",
     "is_damaged = size < STRUCTURE_SIZE_MIN || !acpi", "is_damaged = !acpi"),
    ("acpi_fuzz", "processors listed twice", "boot/acpi/madt.c",
     "if (processor->apic_id == apic_id)", "if (processor->apic_id == apic_id && processor->enabled)"),
    ("acpi_fuzz", "a package larger than its table", "boot/acpi/aml.c",
     "if (length < encoding || length > before)", "if (length < encoding)"),
    ("acpi_fuzz", "a table that is not summed", "boot/acpi/tables.c",
     "return read_bytes(table, memory, physical) && sums_to_zero(table->bytes, table->length);",
     "return read_bytes(table, memory, physical);"),
    ("memory_map_fuzz", "descriptors beyond physical memory", "boot/memory_map.c",
     "uint64_t pages = descriptor.number_of_pages < most ? descriptor.number_of_pages : most;",
     "uint64_t pages = most > 0 ? descriptor.number_of_pages : 0;"),
    ("memory_map_fuzz", "free memory that is claimed", "boot/memory_map.c",
     "if (!is_free && overlaps(", "if (!is_free && other.start == range->start && overlaps("),
    ("memory_map_fuzz", "a heap that is not sifted down", "boot/memory_map.c",
     "if (start >= largest)", "if (start >= largest || root > 0)"),
    ("memory_map_fuzz", "devices in the direct map", "boot/memory_map.c",
     "memory->end = range.start < pending->end ? range.start : pending->end;", "memory->end = pending->end;"),
    ("memory_map_fuzz", "reserved memory called usable", "kmem/region.c",
     "region_put(map, start, size, kind, kind);", "region_put(map, start, size, kind, UINT32_MAX);"),
    ("cmdline_fuzz", "options longer than the line", "boot/loader/loader_options.c",
     "if (count > most)", "if (count > 2 * most)"),
    ("cmdline_fuzz", "a name that is too long", "boot/cmdline.c",
     "if (word.length == 0 || word.length > most)", "if (word.length == 0 || word.length > most + 1)"),
    ("cmdline_fuzz", "control characters on the console", "boot/cmdline.c",
     "word.text[i] >= ' ' && word.text[i] <= '~' ?", "word.text[i] != '\\0' ?"),
    ("handoff_fuzz", "a part behind the used region", "boot/kernel/handoff_check.c",
     "if (!range_has(used, parts[i].span.offset, parts[i].span.size))",
     "if (parts[i].span.offset > used.end)"),
    ("handoff_fuzz", "modules at any address", "boot/kernel/handoff_check.c",
     "(list.size != 0 && list.offset % _Alignof(struct handoff_module) != 0))", "list.offset == 1)"),
    ("handoff_fuzz", "a module's name without an end", "boot/kernel/handoff_check.c",
     "if (module->name[HANDOFF_MODULE_NAME_MAX] != '\\0')", "if (module->name[0] == 1)"),
]


def misfits() -> list[str]:
    """The faults whose text does not stand in its file exactly once."""
    return [f'the fault "{name}" no longer fits {file}' for _, name, file, good, _ in FAULTS
            if (ROOT / file).read_text().count(good) != 1]


def find(target: str, name: str, file: str, good: str, bad: str, seconds: int) -> fuzz.Found:
    folder = BUILD / re.sub(r"\W+", "-", name)
    shutil.rmtree(folder, ignore_errors=True)
    for part in ("kmem", "boot"):
        shutil.copytree(ROOT / part, folder / part)
    path = folder / file
    path.write_text(path.read_text().replace(good, bad))
    found, said = fuzz.run(fuzz.build(target, folder, folder / "build"), seconds)
    (folder / "said.log").write_text(said)
    return found


def main() -> int:
    if misfits():
        sys.exit("\n".join(f"fuzz: {misfit}" for misfit in misfits()))
    if sys.argv[1:] == ["--check"]:
        return 0
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    found = 0
    for fault in FAULTS:
        where = find(*fault, seconds)
        found += where is not fuzz.Found.NOTHING
        print(f"fuzz: {fault[0]}: {fault[1]}: {WORDS[where]}", flush=True)
    print(f"fuzz: {found} of {len(FAULTS)} seeded faults found")
    return 0 if found == len(FAULTS) else 1


if __name__ == "__main__":
    sys.exit(main())
