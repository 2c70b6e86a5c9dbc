// SPDX-License-Identifier: MIT
// The reference model (oracle) of the fba: what the allocator must answer, written so that it is
// obviously right. It keeps a list of the live blocks, names the first free byte of each end,
// updates every figure at once, and counts in integers so wide that nothing can wrap. It shares no
// code and no formula with kmem/. The exhaustive run and the fuzz targets compare the shipped fba
// with it through lockstep.h.
#ifndef TESTS_MODEL_MODEL_H
#define TESTS_MODEL_MODEL_H

#include "kmem/fba_account.h"
#include "kmem/fba_handoff.h"

// Wide enough for the sum of any two addresses and sizes, and for a negative difference.
#if UINTPTR_MAX > UINT32_MAX
__extension__ typedef __int128 wide;
#else
typedef int64_t wide;
#endif

#define MODEL_BLOCKS 48 // live blocks that the list holds
#define MODEL_MARKS 6   // marks that a run may have open

struct model_block {
    uintptr_t start;
    size_t size;
    bool scratch;
};

enum model_mark_life { MODEL_MARK_NEVER, MODEL_MARK_OPEN, MODEL_MARK_CLOSED, MODEL_MARK_OVERTAKEN };

struct model_mark {
    enum model_mark_life life;
    bool scratch;
    wide free_at; // where the free space of its end began when it was opened
};

// The facts of the newest failure.
struct model_failure {
    size_t count; // failures so far; 0: the rest means nothing
    size_t size, align;
    const void *caller;
    enum fba_request request;
    enum fba_state state;
    wide next, top;
};

struct model {
    enum fba_state state;
    bool zero_known;              // the buffer was promised to be zero
    size_t block_count;           // of `blocks`
    wide base, end;               // the buffer
    wide next;                    // first byte that is free, if next < top
    wide top;                     // first byte of scratch
    wide adopted;                 // blocks below came with an adoption
    wide stays_below, stays_from; // sealed: the parts that stay
    wide peak;
    wide touched_low, touched_top; // outside [touched_low, touched_top) bytes were handed out

    struct model_block blocks[MODEL_BLOCKS];

    struct model_mark marks[MODEL_MARKS];
    size_t open[2][MODEL_MARKS]; // indices of the open marks, outermost first; [1]: scratch
    size_t open_count[2];

    struct model_failure failure;
};

// Each function answers as the function of fba.h of the same name must.
enum fba_status model_init(struct model *model, uintptr_t base, size_t size, bool zeroed);

// The addresses are 0 for NULL. `request` says which function is called: fba_alloc(),
// fba_alloc_zeroed() or fba_scratch_alloc(). `caller` is what the failure record must name.
uintptr_t model_alloc(struct model *model, enum fba_request request, size_t size, size_t align,
                      const void *caller);
uintptr_t model_alloc_array(struct model *model, enum fba_request request, size_t count,
                            size_t size, size_t align, const void *caller);

enum fba_status model_free(struct model *model, uintptr_t block, size_t size);
enum fba_status model_scratch_free(struct model *model, uintptr_t block, size_t size);
enum fba_status model_resize(struct model *model, uintptr_t block, size_t old_size,
                             size_t new_size);
uintptr_t model_realloc(struct model *model, uintptr_t block, size_t old_size, size_t new_size,
                        size_t align, const void *caller);

// Marks are named by their index; MODEL_MARKS and above: a mark of another allocator.
enum fba_status model_mark(struct model *model, size_t index, bool scratch);
enum fba_status model_rewind(struct model *model, size_t index);
enum fba_status model_keep(struct model *model, size_t index);
enum fba_status model_reset(struct model *model);

enum fba_status model_split_tail(struct model *model, size_t size, struct model *tail);
enum fba_status model_rebase(struct model *model, uintptr_t base);
enum fba_status model_export(const struct model *model, struct fba_numbers *numbers);
enum fba_status model_adopt(struct model *model, uintptr_t base, const struct fba_numbers *numbers);
enum fba_status model_seal(struct model *model, size_t granule, struct fba_ranges *ranges);

bool model_owns_range(const struct model *model, uintptr_t start, size_t size);
size_t model_capacity(const struct model *model);
size_t model_used(const struct model *model);
size_t model_scratch_used(const struct model *model);
size_t model_peak(const struct model *model);
size_t model_available(const struct model *model, size_t align);
struct fba_explanation model_explain(const struct model *model);

// What must hold of the model at all times: every live block inside the taken part of its end, and
// no byte in two of them. NULL, or what does not hold.
const char *model_contradiction(const struct model *model);

#endif
