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
  // Every address went the same distance.
  predicate all_moved{K, L}(struct fba *f) =
      \let distance = \at(f->base, L) - \at(f->base, K);
      \at(f->last, L) == \at(f->last, K) + distance
      && \at(f->top, L) == \at(f->top, K) + distance
      && \at(f->floor, L) == \at(f->floor, K) + distance
      && \at(f->end, L) == \at(f->end, K) + distance
      && \at(f->high, L) == \at(f->high, K) + distance
      && \at(f->low, L) == \at(f->low, K) + distance
      && \at(f->ceiling, L) == \at(f->ceiling, K) + distance
      && \at(f->reserve, L) == \at(f->reserve, K) + distance
      && \at(f->reserve_last, L) == \at(f->reserve_last, K) + distance
      && \at(f->adopted, L) == \at(f->adopted, K) + distance;

  predicate agreeing{L}(struct fba_numbers *n) =
      n->used <= n->peak <= n->size <= SIZE_MAX && n->used <= n->high <= n->size
      && n->low <= n->size;

  // The three ranges of the seal cover the buffer, each byte once.
  predicate partition{L}(struct fba *f, struct fba_ranges *r) =
      r->permanent.start == f->base && r->permanent.end == r->free.start
      && r->free.end == r->reserve.start && r->reserve.end == f->end
      && r->permanent.start <= r->permanent.end && r->free.start <= r->free.end
      && r->reserve.start <= r->reserve.end;
  // Nothing that was allocated is given away; all whole granules that can be are.
  predicate whole_granules{L}(struct fba *f, struct fba_ranges *r, integer granule) =
      f->last < r->permanent.end && r->reserve.start <= f->reserve
      && (r->free.start < r->free.end ==>
              r->free.start % granule == 0 && r->free.end % granule == 0)
      && (\forall integer p; p % granule == 0 && f->last < p && p + granule <= f->reserve ==>
              r->free.start <= p && p + granule <= r->free.end);
  // What later questions call ours is what stays.
  predicate stays{L}(struct fba *f, struct fba_ranges *r) =
      f->ceiling == r->reserve.start
      && (r->free.start < r->free.end ? f->floor + 1 == r->free.start : f->floor + 1 == f->end);
*/

// ── Small parts of fba_handoff.c ────────────────────────────────────────────────────────────────

#ifdef PROOF_OF_HANDOFF

/*@ requires \valid_read(fba);
    assigns \nothing;
    ensures \result <==> fba->innermost != 0 || fba->innermost_scratch != 0; */
static bool has_marks(const struct fba *fba);

/*@ requires 0 <= address - from + to <= UINTPTR_MAX;
    assigns \nothing;
    ensures \result == address - from + to; */
static uintptr_t moved(uintptr_t address, uintptr_t from, uintptr_t to);

/*@ requires power_of_two(granule);
    assigns \nothing;
    ensures \result <= address && \result % granule == 0;
    ensures \forall integer p; 0 <= p && p % granule == 0 && p + granule <= address ==>
        p + granule <= \result; */
static uintptr_t granule_start(uintptr_t address, size_t granule);

/*@ requires \valid_read(fba) && open(fba) && power_of_two(granule);
    assigns \nothing;
    ensures fba->last < \result.start <= \result.end <= fba->reserve;
    ensures \result.start < \result.end ==>
        \result.start % granule == 0 && \result.end % granule == 0;
    ensures \forall integer p;
        p % granule == 0 && fba->last < p && p + granule <= fba->reserve ==>
        \result.start <= p && p + granule <= \result.end; */
static struct fba_range free_granules(const struct fba *fba, size_t granule);

/*@ requires \valid_read(fba) && \valid(ranges) && \separated(fba, ranges);
    assigns *ranges;
    ensures same{Pre, Post}(fba);
    ensures ranges->permanent.start == fba->base && ranges->permanent.end == free.start;
    ensures ranges->free.start == free.start && ranges->free.end == free.end;
    ensures ranges->reserve.start == free.end && ranges->reserve.end == fba->end; */
static void divide(const struct fba *fba, struct fba_range free, struct fba_ranges *ranges);

#endif

// ── fba_handoff.h, in its order ─────────────────────────────────────────────────────────────────

/*@ requires \valid(fba) && invariant(fba);
    assigns fba->top, fba->ceiling, fba->reserve, fba->reserve_last;
    ensures invariant(fba);
    ensures \result == FBA_OK <==>
        fba->state == FBA_STATE_OPEN && \old(fba->top) == fba->end
        && fba->innermost_scratch == 0 && size < \old(fba->top) - fba->last;
    ensures \result == FBA_OK ==>
        fba->reserve == fba->end - size && fba->top == fba->reserve
        && fba->ceiling == fba->reserve && fba->reserve_last == fba->reserve - 1
        && true_peak{Pre}(fba) == true_peak{Post}(fba);
    ensures \result != FBA_OK ==> same{Pre, Post}(fba);
*/
enum fba_status fba_set_reserve(struct fba *fba, size_t size);

/*@ requires \valid(fba) && invariant(fba);
    assigns fba->reserve_last, fba->failure;
    ensures invariant(fba);
    ensures \result != \null <==>
        fba->state != FBA_STATE_NOT_READY && power_of_two(align)
        && fits(\old(fba->reserve_last), fba->end, size, align);
    ensures \result != \null ==>
        place(\old(fba->reserve_last), fba->end, size, align, address(\result))
        && address(\result) >= fba->reserve
        && fba->reserve_last == address(\result) + size - 1;
    ensures \result == \null ==> same{Pre, Post}(fba);
*/
void *fba_reserve_alloc(struct fba *fba, size_t size, size_t align);

/*@ requires \valid(fba) && invariant(fba);
    assigns fba->last, fba->top, fba->floor, fba->settled, fba->base, fba->end, fba->high, fba->low,
            fba->ceiling, fba->reserve, fba->reserve_last, fba->adopted;
    ensures invariant(fba);
    ensures \result == FBA_OK <==>
        fba->state != FBA_STATE_NOT_READY && fba->innermost == 0 && fba->innermost_scratch == 0
        && buffer != \null && address(buffer) + (\old(fba->end) - \old(fba->base)) <= highest_end;
    ensures \result == FBA_OK ==> fba->base == address(buffer) && all_moved{Pre, Post}(fba);
    ensures \result != FBA_OK ==> same{Pre, Post}(fba);
*/
enum fba_status fba_rebase(struct fba *fba, void *buffer);

/*@ requires \valid_read(fba) && invariant(fba);
    requires \valid(numbers) && \separated(fba, numbers);
    assigns *numbers;
    ensures \result == FBA_OK <==>
        fba->state == FBA_STATE_OPEN && fba->innermost == 0 && fba->innermost_scratch == 0
        && fba->top == fba->end;
    ensures \result == FBA_OK ==> agreeing(numbers)
        && numbers->size == fba->end - fba->base && numbers->used == fba->last + 1 - fba->base
        && numbers->peak == true_peak(fba)
        && numbers->high == smaller(highest_handed_out(fba) + 1, fba->end) - fba->base
        && numbers->low == fba->low - fba->base;
    ensures \result != FBA_OK ==> *numbers == \old(*numbers);
*/
enum fba_status fba_export(const struct fba *fba, struct fba_numbers *numbers);

/*@ requires \valid(fba);
    requires \valid_read(numbers) && \separated(fba, numbers);
    assigns *fba;
    ensures invariant(fba);
    ensures \result == FBA_OK <==>
        agreeing(numbers) && buffer != \null
        && address(buffer) + numbers->size <= highest_end;
    ensures \result == FBA_OK ==>
        fba->base == address(buffer) && fba->end == fba->base + numbers->size
        && fba->last + 1 == fba->base + numbers->used
        && fba->floor == fba->last && fba->adopted == fba->last
        && fba->top == fba->end && fba->reserve == fba->end
        && true_peak(fba) == numbers->peak
        && highest_handed_out(fba) + 1 == fba->base + numbers->high
        && fba->low == fba->base + numbers->low;
    ensures \result != FBA_OK ==> not_ready(fba);
*/
enum fba_status fba_adopt(struct fba *fba, void *buffer, const struct fba_numbers *numbers);

/*@ requires \valid(fba) && invariant(fba);
    requires \valid(ranges) && \separated(fba, ranges);
    assigns *ranges, fba->peak, fba->floor, fba->ceiling, fba->top, fba->settled, fba->state;
    ensures invariant(fba);
    ensures \result == FBA_OK <==>
        \old(fba->state) == FBA_STATE_OPEN && power_of_two(granule)
        && \old(fba->innermost) == 0 && \old(fba->innermost_scratch) == 0;
    ensures \result == FBA_OK ==> fba->state == FBA_STATE_SEALED
        && partition(fba, ranges) && whole_granules(fba, ranges, granule)
        && stays(fba, ranges) && fba->peak == true_peak{Pre}(fba);
    ensures \result != FBA_OK ==> same{Pre, Post}(fba);
*/
enum fba_status fba_seal(struct fba *fba, size_t granule, struct fba_ranges *ranges);

#endif
