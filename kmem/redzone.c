// SPDX-License-Identifier: MIT
// The decorator of redzone.h.
#include "redzone.h"

#include "pattern.h"

#include <stdint.h>

void *memset(void *to, int value, size_t size);

#define PATTERN 0xfb

// AddressSanitizer poisons in granules of this size: zones begin and end at multiples of it.
#define GRANULE 8

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_ADDRESS_SANITIZER
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define HAS_ADDRESS_SANITIZER
#endif

#ifdef HAS_ADDRESS_SANITIZER
// sanitizer/asan_interface.h
void __asan_poison_memory_region(void const volatile *start, size_t size);
void __asan_unpoison_memory_region(void const volatile *start, size_t size);

static void hide(const void *start, size_t size)
{
    __asan_poison_memory_region(start, size);
}

static void show(const void *start, size_t size)
{
    __asan_unpoison_memory_region(start, size);
}
#else
static void hide(const void *start, size_t size)
{
    (void)start;
    (void)size;
}

static void show(const void *start, size_t size)
{
    (void)start;
    (void)size;
}
#endif

// Stands at the start of the front zone; the pattern lies between it and the block.
struct header {
    size_t size;
    const void *caller;
};

static size_t alignment_of(size_t align)
{
    size_t least = FBA_ALIGNOF(struct header) > GRANULE ? FBA_ALIGNOF(struct header) : GRANULE;

    // 0 and what is no power of two stay as they are, for the inner allocator to fail on.
    return align == 1 || align == 2 || align == 4 || align == 8 ? least : align;
}

// Header and pattern, rounded up so that the block behind them is aligned.
static size_t front_size(size_t align)
{
    size_t mask = alignment_of(align) - 1;

    return (sizeof(struct header) + REDZONE_SIZE + mask) & ~mask;
}

// From the end of the block to a granule's boundary that is at least REDZONE_SIZE away.
static size_t back_size(size_t size)
{
    return REDZONE_SIZE + (GRANULE - size % GRANULE) % GRANULE;
}

// All of it, or SIZE_MAX, which no allocator serves, if that overflows.
static size_t outer_size(size_t size, size_t align)
{
    // This cannot wrap: whatever the alignment is, the front has at most two bits set.
    size_t zones = front_size(align) + back_size(size);

    return size > SIZE_MAX - zones ? SIZE_MAX : size + zones;
}

static struct header *header_of(const void *block, size_t align)
{
    return (struct header *)((uintptr_t)block - front_size(align));
}

// The first byte of the front's pattern that changed, of zones that are shown; NULL: none.
static const void *front_changed(const struct header *header, const void *block)
{
    return pattern_first_changed((const unsigned char *)(header + 1), block, PATTERN);
}

static size_t front_of(const struct header *header, const void *block)
{
    return (uintptr_t)block - (uintptr_t)header;
}

static void mark_back(void *block, size_t size)
{
    unsigned char *back = (unsigned char *)block + size;

    memset(back, PATTERN, back_size(size));
    hide(back, back_size(size));
}

// Whether both patterns of a block, whose zones are hidden, are whole, and its size is `size`.
static bool is_intact(const struct header *header, const unsigned char *block, size_t size)
{
    const unsigned char *back = block + size;

    show(header, front_of(header, block));
    // Only a header that says so tells that the back is there.
    bool intact = header->size == size && !front_changed(header, block);
    hide(header, front_of(header, block));
    if (!intact)
        return false;
    show(back, back_size(size));
    intact = !pattern_first_changed(back, back + back_size(size), PATTERN);
    hide(back, back_size(size));
    return intact;
}

// Records what is wrong with a block that is not intact.
static enum redzone_kind note_fault(struct redzone *redzone, const struct header *header,
                                    const unsigned char *block, size_t size)
{
    struct redzone_fault fault = {REDZONE_UNDERRUN, block, size, NULL, NULL};

    show(header, front_of(header, block));
    fault.at = front_changed(header, block);
    if (!fault.at) { // then the header is whole, and says where the back is
        const unsigned char *back = block + header->size;
        show(back, back_size(header->size));
        fault.at = pattern_first_changed(back, back + back_size(header->size), PATTERN);
        fault.kind = fault.at ? REDZONE_OVERRUN : REDZONE_WRONG_SIZE;
        fault.size = header->size;
        fault.caller = header->caller;
        hide(back, back_size(header->size));
    }
    hide(header, front_of(header, block));
    redzone->faults++;
    redzone->fault = fault;
    if (redzone->hook)
        redzone->hook(redzone, redzone->hook_context);
    return fault.kind;
}

void redzone_init(struct redzone *redzone, struct allocator inner)
{
    *redzone = (struct redzone){.inner = inner};
}

enum redzone_kind redzone_check(struct redzone *redzone, const void *block, size_t size,
                                size_t align)
{
    const struct header *header = header_of(block, align);

    return is_intact(header, block, size) ? REDZONE_INTACT
                                          : note_fault(redzone, header, block, size);
}

static void *redzone_alloc(void *context, size_t size, size_t align, const void *caller)
{
    struct redzone *redzone = context;
    unsigned char *outer = redzone->inner.operations->alloc(
        redzone->inner.context, outer_size(size, align), alignment_of(align), caller);

    if (!outer)
        return NULL;
    show(outer, outer_size(size, align));
    unsigned char *block = outer + front_size(align);
    memset(outer, PATTERN, front_size(align));
    *header_of(block, align) = (struct header){size, caller};
    hide(outer, front_size(align));
    mark_back(block, size);
    return block;
}

// Looks at a block that is given back or resized. Returns false iff its header is a ruin; if not,
// the header and nothing else is shown afterwards.
static bool open_header(struct redzone *redzone, const struct header *header, const void *block,
                        size_t size)
{
    if (!is_intact(header, block, size) &&
        note_fault(redzone, header, block, size) == REDZONE_UNDERRUN)
        return false;
    show(header, sizeof *header);
    return true;
}

static bool redzone_resize(void *context, void *block, size_t size, size_t new_size, size_t align,
                           const void *caller)
{
    struct redzone *redzone = context;
    struct header *header = header_of(block, align);

    if (!open_header(redzone, header, block, size))
        return false;
    size = header->size;
    bool resized =
        redzone->inner.operations->resize(redzone->inner.context, header, outer_size(size, align),
                                          outer_size(new_size, align), alignment_of(align), caller);
    if (resized) {
        show(header, outer_size(new_size > size ? new_size : size, align));
        header->size = new_size;
        mark_back(block, new_size);
    }
    hide(header, front_size(align));
    return resized;
}

static void redzone_free_block(void *context, void *block, size_t size, size_t align,
                               const void *caller)
{
    struct redzone *redzone = context;
    struct header *header = header_of(block, align);

    if (!open_header(redzone, header, block, size))
        return; // where it ends is not known: it stays
    const unsigned char *end = (unsigned char *)block + header->size + back_size(header->size);
    size_t outer = (size_t)(end - (unsigned char *)header);
    show(header, outer);
    // So that giving it back twice finds no front.
    *(unsigned char *)(header + 1) = 0;
    redzone->inner.operations->free(redzone->inner.context, header, outer, alignment_of(align),
                                    caller);
}

static size_t redzone_available(void *context, size_t align)
{
    const struct redzone *redzone = context;
    size_t inner = allocator_available(&redzone->inner, alignment_of(align));
    size_t zones = front_size(align) + REDZONE_SIZE + GRANULE - 1;

    return inner > zones ? inner - zones : 0;
}

struct allocator redzone_allocator(struct redzone *redzone)
{
    static const struct allocator_operations operations = {redzone_alloc, redzone_resize,
                                                           redzone_free_block, redzone_available};

    return (struct allocator){&operations, redzone};
}

const char *redzone_kind_name(enum redzone_kind kind)
{
    switch (kind) {
    case REDZONE_INTACT:
        return "intact";
    case REDZONE_UNDERRUN:
        return "underrun";
    case REDZONE_OVERRUN:
        return "overrun";
    case REDZONE_WRONG_SIZE:
        return "wrong size";
    default:
        return "unknown";
    }
}
