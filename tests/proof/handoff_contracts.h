// SPDX-License-Identifier: MIT
// What kmem/fba_handoff.c is proved to do: contracts.h, continued. Frama-C reads this header before
// that source.
// It is laid out by hand, because a formatter would fold the contracts.
// clang-format off
#ifndef TESTS_PROOF_HANDOFF_CONTRACTS_H
#define TESTS_PROOF_HANDOFF_CONTRACTS_H

#include "tests/proof/contracts.h"

#include "kmem/fba_handoff.h"

// What follows a multiple by its factor is one.
/*@ lemma next_multiple: \forall integer p, a; 0 < a && 0 <= p && p % a == 0 ==> (p + a) % a == 0; */

/*@
  // A byte that was never handed out and is known to be zero.
  predicate known_zero{L}(struct fba *f, integer byte) =
      f->base <= byte < f->end && highest_handed_out(f) < byte < lowest_scratch(f);

  // Whether `size` bytes may be split off the end.
  predicate splits{L}(struct fba *f, integer size, integer r) =
      f->state != FBA_STATE_OPEN ? status_of(f, r)
      : f->upper.edge != f->end || f->upper.depth != f->reset_depth ? r == FBA_BUSY
      : r == (size < f->end - f->lower.edge ? FBA_OK : FBA_EXHAUSTED);

  // Every address of an end went the same distance.
  predicate moved_end{K, L}(struct fba_end *e, integer distance) =
      \at(e->edge, L) == \at(e->edge, K) + distance
      && \at(e->bound, L) == \at(e->bound, K) + distance
      && \at(e->watermark, L) == \at(e->watermark, K) + distance
      && \at(e->depth, L) == \at(e->depth, K);
  predicate all_moved{K, L}(struct fba *f) =
      \let distance = \at(f->base, L) - \at(f->base, K);
      moved_end{K, L}(\at(&f->lower, L), distance) && moved_end{K, L}(\at(&f->upper, L), distance)
      && \at(f->end, L) == \at(f->end, K) + distance
      && \at(f->adopted, L) == \at(f->adopted, K) + distance
      && true_peak{L}(f) == true_peak{K}(f);

  predicate consistent{L}(struct fba_numbers *n) =
      n->used <= n->peak <= n->size && n->used <= n->high <= n->size && n->low <= n->size;

  // The three ranges of the seal cover the buffer, each byte once.
  predicate partition{L}(struct fba *f, struct fba_ranges *r) =
      r->permanent.start == f->base && r->permanent.end == r->free.start
      && r->free.end == r->rest.start && r->rest.end == f->end
      && r->permanent.start <= r->permanent.end && r->free.start <= r->free.end
      && r->rest.start <= r->rest.end;
  // Nothing that was allocated is given away; all whole granules that can be are.
  predicate whole_granules{L}(struct fba *f, struct fba_ranges *r, integer granule) =
      f->lower.edge < r->permanent.end
      && (r->free.start < r->free.end ==>
              r->free.start % granule == 0 && r->free.end % granule == 0)
      && (\forall integer p; p % granule == 0 && f->lower.edge < p && p + granule <= f->end ==>
              r->free.start <= p && p + granule <= r->free.end);
  // What later questions call ours is what stays.
  predicate stays{L}(struct fba *f, struct fba_ranges *r) =
      f->upper.bound == r->rest.start && f->lower.bound + 1 == r->permanent.end;
*/

// What \separated(f, other) means for each field that the invariant reads, spelled out for solvers.
#define END_SEPARATED(e, other)                                                                    \
    \separated(&(e).edge, other) && \separated(&(e).bound, other)                                  \
    && \separated(&(e).watermark, other) && \separated(&(e).depth, other)
#define FIELDS_SEPARATED(f, other)                                                                 \
    END_SEPARATED((f)->lower, other) && END_SEPARATED((f)->upper, other)                           \
    && \separated(&(f)->base, other) && \separated(&(f)->end, other)                               \
    && \separated(&(f)->adopted, other) && \separated(&(f)->fast_free_limit, other)                \
    && \separated(&(f)->least_gap, other) && \separated(&(f)->reset_depth, other)                  \
    && \separated(&(f)->state, other)

// ── Small parts of fba_handoff.c ────────────────────────────────────────────────────────────────

#ifdef PROOF_OF_HANDOFF

/*@ requires \valid_read(fba);
    assigns \nothing;
    ensures \result <==> !no_marks(fba); */
static bool has_marks(const struct fba *fba);

/*@ assigns \nothing; ensures \result == smaller(a, b); */
static uintptr_t min_address(uintptr_t a, uintptr_t b);

/*@ assigns \nothing; ensures \result == larger(a, b); */
static uintptr_t max_address(uintptr_t a, uintptr_t b);

/*@ requires \valid_read(fba) && invariant(fba);
    assigns \nothing;
    ensures splits(fba, size, \result); */
static enum fba_status may_split(const struct fba *fba, size_t size);

/*@ requires \valid(fba) && open(fba);
    requires size < fba->end - fba->lower.edge && fba->upper.edge == fba->end
        && fba->upper.depth == fba->reset_depth;
    assigns fba->lower.watermark, fba->upper.edge, fba->upper.bound, fba->upper.watermark,
            fba->end, fba->least_gap, fba->fast_free_limit;
    ensures open(fba);
    ensures fba->end == \old(fba->end) - size && fba->upper.edge == fba->end;
    ensures fba->lower.watermark == smaller(\old(fba->lower.watermark), fba->end);
    ensures fba->upper.watermark == smaller(\old(fba->upper.watermark), fba->end);
    ensures true_peak(fba) == smaller(true_peak{Pre}(fba), fba->end - fba->base); */
static void shorten(struct fba *fba, size_t size);

/*@ requires \valid(part) && 0 < start && start + size <= highest_end;
    requires lower_watermark <= start + size && upper_watermark <= start + size;
    assigns *part;
    ensures open(part) && part->base == start && part->end == start + size;
    ensures bytes_taken(part) == 0 && true_peak(part) == 0 && part->failure.count == 0;
    ensures part->lower.watermark == larger(lower_watermark, start - 1);
    ensures part->upper.watermark == larger(upper_watermark, start); */
static void open_part(struct fba *part, uintptr_t start, size_t size, uintptr_t lower_watermark,
                      uintptr_t upper_watermark);

/*@ requires \valid(end);
    assigns end->edge, end->bound, end->watermark;
    ensures end->edge == (uintptr_t)(\old(end->edge) + distance);
    ensures end->bound == (uintptr_t)(\old(end->bound) + distance);
    ensures end->watermark == (uintptr_t)(\old(end->watermark) + distance); */
static void move_end(struct fba_end *end, uintptr_t distance);

/*@ requires \valid_read(numbers);
    assigns \nothing;
    ensures \result <==> consistent(numbers); */
static bool are_consistent(const struct fba_numbers *numbers);

/*@ assigns \nothing;
    ensures \result <==> buffer != \null && address(buffer) + size <= highest_end; */
static bool is_buffer(void *buffer, size_t size);

/*@ requires power_of_two(granule);
    assigns \nothing;
    ensures \result <= address && \result % granule == 0;
    ensures \forall integer p; 0 <= p && p % granule == 0 && p + granule <= address ==>
        p + granule <= \result; */
static uintptr_t granule_start(uintptr_t address, size_t granule);

/*@ requires \valid_read(fba) && open(fba) && power_of_two(granule);
    assigns \nothing;
    ensures fba->lower.edge < \result.start <= \result.end <= fba->end;
    ensures \result.start < \result.end ==>
        \result.start % granule == 0 && \result.end % granule == 0;
    ensures \forall integer p;
        p % granule == 0 && fba->lower.edge < p && p + granule <= fba->end ==>
        \result.start <= p && p + granule <= \result.end; */
static struct fba_range free_granules(const struct fba *fba, size_t granule);

/*@ requires \valid_read(fba) && open(fba) && power_of_two(granule);
    requires \valid(ranges) && \separated(fba, ranges) && FIELDS_SEPARATED(fba, ranges);
    assigns *ranges;
    ensures partition(fba, ranges);
    ensures whole_granules(fba, ranges, granule); */
static void find_ranges(const struct fba *fba, size_t granule, struct fba_ranges *ranges);

/*@ requires \valid(fba) && open(fba) && no_marks(fba);
    requires fba->lower.edge < start <= end <= fba->end;
    assigns fba->least_gap, fba->lower.bound, fba->upper.bound, fba->upper.edge,
            fba->fast_free_limit, fba->state;
    ensures sealed(fba);
    ensures fba->lower.bound + 1 == start && fba->upper.bound == end;
    ensures fba->least_gap == true_gap{Pre}(fba); */
static void seal_around(struct fba *fba, uintptr_t start, uintptr_t end);

#endif

// ── fba_handoff.h, in its order ─────────────────────────────────────────────────────────────────

/*@ requires \valid(fba) && invariant(fba) && \valid(tail) && \separated(fba, tail);
    requires FIELDS_SEPARATED(fba, tail);
    assigns *tail, fba->lower.watermark, fba->upper.edge, fba->upper.bound, fba->upper.watermark,
            fba->end, fba->least_gap, fba->fast_free_limit;
    ensures \result == FBA_OK ==> open(fba);
    ensures \result == FBA_OK ==> open(tail);
    ensures splits{Pre}(fba, size, \result);
    ensures \result == FBA_OK ==> fba->end + size == \old(fba->end);
    ensures \result == FBA_OK ==> fba->upper.edge + size == \old(fba->end);
    ensures \result == FBA_OK ==> fba->reset_depth <= fba->upper.depth;
    ensures \result == FBA_OK ==>
        tail->base == fba->end && tail->end == \old(fba->end) && tail->state == FBA_STATE_OPEN
        && bytes_taken(tail) == 0 && true_peak(tail) == 0 && tail->failure.count == 0;
    ensures \result == FBA_OK ==>
        true_peak(fba) == smaller(true_peak{Pre}(fba), fba->end - fba->base);
    ensures \result == FBA_OK ==> \forall integer byte;
        known_zero{Pre}(fba, byte) <==> known_zero(fba, byte) || known_zero(tail, byte);
    ensures \result != FBA_OK ==> same{Pre, Post}(fba);
    ensures \result != FBA_OK ==> not_ready(tail);
*/
enum fba_status fba_split_tail(struct fba *fba, size_t size, struct fba *tail);

/*@ requires \valid(fba) && invariant(fba) && is_address(buffer);
    assigns fba->lower, fba->upper, fba->base, fba->end, fba->adopted, fba->fast_free_limit;
    ensures invariant(fba);
    ensures \result == FBA_OK <==>
        (fba->state == FBA_STATE_OPEN || fba->state == FBA_STATE_SEALED) && no_marks{Pre}(fba)
        && buffer != \null && address(buffer) + (\old(fba->end) - \old(fba->base)) <= highest_end;
    ensures \result == FBA_OK ==> fba->base == address(buffer) && all_moved{Pre, Post}(fba);
    ensures \result != FBA_OK ==> same{Pre, Post}(fba);
*/
enum fba_status fba_rebase(struct fba *fba, void *buffer);

/*@ requires \valid_read(fba) && invariant(fba);
    requires \valid(numbers) && \separated(fba, numbers);
    assigns *numbers;
    ensures \result == FBA_OK <==>
        \old(fba->state) == FBA_STATE_OPEN && no_marks{Pre}(fba)
        && \old(fba->upper.edge) == \old(fba->end);
    ensures \result == FBA_OK ==> numbers->used <= numbers->peak <= numbers->size <= SIZE_MAX
        && numbers->used <= numbers->high <= numbers->size && numbers->low <= numbers->size;
    ensures \result == FBA_OK ==> numbers->size == \old(fba->end - fba->base);
    ensures \result == FBA_OK ==> numbers->used == \old(fba->lower.edge + 1 - fba->base);
    ensures \result == FBA_OK ==> numbers->peak == true_peak{Pre}(fba);
    ensures \result == FBA_OK ==>
        numbers->high == smaller(highest_handed_out{Pre}(fba) + 1, \old(fba->end)) - \old(fba->base);
    ensures \result == FBA_OK ==> numbers->low == \old(fba->upper.watermark - fba->base);
    ensures \result != FBA_OK ==> *numbers == \old(*numbers);
*/
enum fba_status fba_export(const struct fba *fba, struct fba_numbers *numbers);

/*@ requires \valid(fba);
    requires \valid_read(numbers) && \separated(fba, numbers);
    assigns *fba;
    ensures invariant(fba);
    ensures \result == FBA_OK <==>
        consistent(numbers) && numbers->size <= SIZE_MAX && buffer != \null
        && address(buffer) + numbers->size <= highest_end;
    ensures \result == FBA_OK ==>
        fba->base == address(buffer) && fba->end == fba->base + numbers->size
        && fba->lower.edge + 1 == fba->base + numbers->used
        && fba->lower.bound == fba->lower.edge && fba->adopted == fba->lower.edge
        && fba->upper.edge == fba->end && no_marks(fba)
        && true_peak(fba) == numbers->peak
        && highest_handed_out(fba) + 1 == fba->base + numbers->high
        && fba->upper.watermark == fba->base + numbers->low;
    ensures \result != FBA_OK ==> not_ready(fba);
*/
enum fba_status fba_adopt(struct fba *fba, void *buffer, const struct fba_numbers *numbers);

/*@ requires \valid(fba) && invariant(fba);
    requires \valid(ranges) && \separated(fba, ranges) && FIELDS_SEPARATED(fba, ranges);
    assigns *ranges, fba->least_gap, fba->lower.bound, fba->upper.bound, fba->upper.edge,
            fba->fast_free_limit, fba->state;
    ensures invariant(fba);
    ensures \result == FBA_OK <==>
        \old(fba->state) == FBA_STATE_OPEN && power_of_two(granule) && no_marks{Pre}(fba);
    ensures \result == FBA_OK ==> sealed(fba);
    ensures \result == FBA_OK ==> partition(fba, ranges);
    ensures \result == FBA_OK ==> whole_granules(fba, ranges, granule);
    ensures \result == FBA_OK ==> stays(fba, ranges);
    ensures \result == FBA_OK ==> fba->least_gap == true_gap{Pre}(fba);
    ensures \result != FBA_OK ==> same{Pre, Post}(fba);
*/
enum fba_status fba_seal(struct fba *fba, size_t granule, struct fba_ranges *ranges);

#endif
