// SPDX-License-Identifier: MIT
// What kmem/fba.h and kmem/fba.c are proved to do, as ACSL contracts. Frama-C reads this header
// before the sources, which it takes as they ship: the functions are declared here once more, each
// with its contract. tests/proof/README.md says what is assumed; the contracts of fba_handoff.h
// stand in handoff_contracts.h.
// It is laid out by hand, because a formatter would fold the contracts.
// clang-format off
#ifndef TESTS_PROOF_CONTRACTS_H
#define TESTS_PROOF_CONTRACTS_H

// Hints to the compiler mean nothing to the prover; an address of code is any address.
#define __builtin_expect(condition, value) (condition)
#define __builtin_return_address(level) proof_return_address()

/*@ assigns \result \from \nothing; */
void *proof_return_address(void);

#include "kmem/fba.h"

// A failure hook leaves the allocator alone: fba.h asks for that. Wherever fba->hook is called, this
// function is.
/*@ assigns \nothing; */
void proof_hook(struct fba *fba, void *context);
#define hook(fba, context) hook, proof_hook(fba, context)

// The bytes of the buffer are not modelled. What is cleared and copied is written down here.
extern uintptr_t proof_cleared_from, proof_cleared_to;
extern uintptr_t proof_copied_from, proof_copied_to;
extern size_t proof_copied;

/*@ assigns proof_cleared_from, proof_cleared_to, \result \from to, size;
    ensures proof_cleared_from == (uintptr_t)to;
    ensures proof_cleared_to == (uintptr_t)to + size;
*/
void *memset(void *to, int value, size_t size);

/*@ assigns proof_copied_from, proof_copied_to, proof_copied, \result \from to, from, size;
    ensures proof_copied_from == (uintptr_t)from && proof_copied_to == (uintptr_t)to;
    ensures proof_copied == size;
*/
void *memcpy(void *restrict to, const void *restrict from, size_t size);

// ── Words ───────────────────────────────────────────────────────────────────────────────────────

// The bits below an alignment, and the others.
#define MASK(align) ((uintptr_t)((align) - 1))
#define MASK_OFF(align) ((uintptr_t)(~MASK(align)))

/*@
  logic integer address(void *block) = (uintptr_t)block;
  // That an address is a word is for Frama-C to be told.
  predicate is_address(void *block) = 0 <= (uintptr_t)block <= UINTPTR_MAX;
  logic integer highest_end = UINTPTR_MAX - 4096 + 1;

  logic integer larger(integer a, integer b) = a > b ? a : b;
  logic integer smaller(integer a, integer b) = a < b ? a : b;

  predicate power_of_two(integer a) = 0 < a <= UINTPTR_MAX && (a & MASK(a)) == 0;

  // A place for a block strictly behind `last` and not beyond `top`.
  predicate place(integer last, integer top, integer size, integer align, integer p) =
      last < p && p % align == 0 && p + size <= top;
  inductive fits(integer last, integer top, integer size, integer align) {
    case somewhere: \forall integer last, top, size, align, p;
        place(last, top, size, align, p) ==> fits(last, top, size, align);
  }

  // The fields of an allocator that is open.
  predicate open_ranges{L}(struct fba *f) =
      1 <= f->base <= f->end <= highest_end
      && f->base - 1 <= f->adopted <= f->floor <= f->last < f->top
      && f->top <= f->ceiling <= f->reserve <= f->end
      && f->reserve - 1 <= f->reserve_last < f->end
      && f->base - 1 <= f->high <= f->end && f->base <= f->low <= f->end
      && f->peak <= f->end - f->base;
  predicate open_marks{L}(struct fba *f) =
      f->innermost <= f->serial && f->innermost_scratch <= f->serial && f->overtaken <= f->serial
      && (f->innermost == 0 ==> f->floor == f->adopted)
      && (f->innermost_scratch == 0 ==> f->ceiling == f->reserve);
  // Up to `settled`, the fall of `last` makes neither watermark nor peak forget anything.
  predicate settled{L}(struct fba *f) =
      f->settled == 0
      || (f->settled <= f->high + 1
          && f->settled + (f->reserve - f->top) <= f->base + f->peak);
  predicate open{L}(struct fba *f) =
      f->state == FBA_STATE_OPEN && open_ranges(f) && open_marks(f) && settled(f);

  predicate not_ready{L}(struct fba *f) =
      f->state == FBA_STATE_NOT_READY
      && f->last == 0 && f->top == 0 && f->floor == 0 && f->settled == 0
      && f->base == 0 && f->end == 0 && f->high == 0 && f->low == 0
      && f->ceiling == 0 && f->reserve == 0 && f->reserve_last == 0 && f->adopted == 0
      && f->peak == 0 && f->innermost == 0 && f->innermost_scratch == 0;

  predicate sealed{L}(struct fba *f) =
      f->state == FBA_STATE_SEALED
      && 1 <= f->base <= f->end <= highest_end
      && f->base - 1 <= f->adopted <= f->last <= f->floor < f->end
      && f->top == f->last && f->settled == 0
      && f->last < f->ceiling <= f->reserve <= f->end
      && f->reserve - 1 <= f->reserve_last < f->end
      && f->base - 1 <= f->high <= f->end && f->base <= f->low <= f->end
      && f->peak <= f->end - f->base
      && f->innermost == 0 && f->innermost_scratch == 0;

  predicate invariant{L}(struct fba *f) = not_ready(f) || open(f) || sealed(f);

  // Nothing of the allocator differs but the failure record.
  predicate same{K, L}(struct fba *f) =
      \at(f->last, K) == \at(f->last, L) && \at(f->top, K) == \at(f->top, L)
      && \at(f->floor, K) == \at(f->floor, L) && \at(f->settled, K) == \at(f->settled, L)
      && \at(f->base, K) == \at(f->base, L) && \at(f->end, K) == \at(f->end, L)
      && \at(f->high, K) == \at(f->high, L) && \at(f->low, K) == \at(f->low, L)
      && \at(f->ceiling, K) == \at(f->ceiling, L) && \at(f->reserve, K) == \at(f->reserve, L)
      && \at(f->reserve_last, K) == \at(f->reserve_last, L)
      && \at(f->adopted, K) == \at(f->adopted, L) && \at(f->state, K) == \at(f->state, L)
      && \at(f->peak, K) == \at(f->peak, L) && \at(f->serial, K) == \at(f->serial, L)
      && \at(f->overtaken, K) == \at(f->overtaken, L)
      && \at(f->innermost, K) == \at(f->innermost, L)
      && \at(f->innermost_scratch, K) == \at(f->innermost_scratch, L);

  // A byte that somebody holds, in any block of either end, with its padding. Every live block
  // consists of such bytes only.
  predicate taken{L}(struct fba *f, integer byte) =
      f->base <= byte <= f->last || f->top <= byte < f->end;

  logic integer bytes_taken{L}(struct fba *f) =
      (f->last + 1 - f->base) + (f->reserve - f->top);
  // What the watermarks and the peak amount to when they are asked for.
  logic integer highest_handed_out{L}(struct fba *f) = larger(f->high, f->last);
  logic integer lowest_scratch{L}(struct fba *f) = smaller(f->low, f->top);
  logic integer true_peak{L}(struct fba *f) = larger(f->peak, bytes_taken(f));
  predicate nothing_forgotten{K, L}(struct fba *f) =
      highest_handed_out{K}(f) <= highest_handed_out{L}(f)
      && lowest_scratch{L}(f) <= lowest_scratch{K}(f)
      && true_peak{L}(f) == larger(true_peak{K}(f), bytes_taken{L}(f));

  // [start, start + size) lies in what was free, and is taken now; what was taken stays so.
  predicate newly_taken{K, L}(struct fba *f, integer start, integer size) =
      (\forall integer byte; start <= byte < start + size ==> !taken{K}(f, byte) && taken{L}(f, byte))
      && (\forall integer byte; taken{K}(f, byte) ==> taken{L}(f, byte));

  predicate can_alloc{L}(struct fba *f, integer size, integer align) =
      f->state == FBA_STATE_OPEN && power_of_two(align) && fits(f->last, f->top, size, align);

  // What the record of a refusal says.
  predicate reason{L}(struct fba *f, integer size, integer align, integer r) =
      (f->state == FBA_STATE_NOT_READY ==> r == FBA_NOT_READY)
      && (f->state == FBA_STATE_SEALED ==> r == FBA_SEALED)
      && (f->state == FBA_STATE_OPEN ==>
          (power_of_two(align)
              ? (fits(f->adopted, f->reserve, size, align) ? r == FBA_EXHAUSTED
                                                           : r == FBA_TOO_LARGE)
              : r == FBA_BAD_ALIGNMENT));
  // `n` is the largest size that fits; 0 if none does.
  predicate most_available{L}(struct fba *f, integer align, integer n) =
      f->state == FBA_STATE_OPEN && power_of_two(align)
              && fits(f->last, f->top, 0, align)
          ? fits(f->last, f->top, n, align) && !fits(f->last, f->top, n + 1, align)
          : n == 0;
  // `n` more bytes at the end would have been enough and fewer not; SIZE_MAX may be too few.
  predicate shortfall{L}(struct fba *f, integer size, integer align, integer n) =
      f->state == FBA_STATE_OPEN && power_of_two(align)
          ? !fits(f->last, f->top + n - 1, size, align)
                && (n < SIZE_MAX ==> fits(f->last, f->top + n, size, align))
          : n == 0;

  // A block that the permanent end could have handed out; the last one; one that may move it.
  predicate inside{L}(struct fba *f, integer start, integer size) =
      f->state == FBA_STATE_OPEN && f->base <= start && start + size <= f->last + 1;
  predicate last_block{L}(struct fba *f, integer start, integer size) =
      f->state == FBA_STATE_OPEN && f->floor < start && start + size == f->last + 1;
  predicate last_scratch{L}(struct fba *f, integer start, integer size) =
      f->state == FBA_STATE_OPEN && start == f->top && start + size <= f->ceiling;

  // What a lookup says of an address that is no block of ours.
  predicate not_found{L}(struct fba *f, integer start, integer r) =
      r == FBA_OK
      || (f->state == FBA_STATE_NOT_READY
              ? r == FBA_NOT_READY
              : start == 0 ? r == FBA_NULL
              : start < f->base || start > f->end ? r == FBA_FOREIGN
              : f->state == FBA_STATE_SEALED
                    ? (start == f->end ? r == FBA_FOREIGN
                       : start <= f->floor || start >= f->ceiling ? r == FBA_PERMANENT
                                                                  : r == FBA_GONE)
                    : r == FBA_BAD_BLOCK);

  // What memset() was given covers every byte of the block that may hold something, and no byte
  // outside the block.
  predicate was_cleared{L}(integer byte) = proof_cleared_from <= byte < proof_cleared_to;
  predicate cleared{L}(integer start, integer size, integer high, integer low) =
      (\forall integer byte;
           start <= byte < start + size && (byte <= high || byte >= low) && start != 0 ==>
           was_cleared(byte))
      && (proof_cleared_from < proof_cleared_to ==>
              start <= proof_cleared_from && proof_cleared_to <= start + size);

  predicate no_marks{L}(struct fba *f) = f->serial == 0 && f->overtaken == 0;
  predicate no_failures{L}(struct fba *f) = f->failure.count == 0;
  predicate no_hook{L}(struct fba *f) = f->hook == \null;
  predicate fresh{L}(struct fba *f, integer base, integer size) =
      f->state == FBA_STATE_OPEN && f->base == base && f->end == base + size
      && f->last == base - 1 && f->floor == f->last && f->adopted == f->last
      && f->top == f->end && f->ceiling == f->end && f->reserve == f->end
      && f->reserve_last == f->end - 1 && f->peak == 0 && f->low == f->end 
      && no_marks(f) && no_failures(f) && no_hook(f);

  // What fba_mark() left in a mark, as far as closing it relies on it.
  predicate innermost_mark{L}(struct fba *f, struct fba_mark *m) =
      m->owner == f && m->serial != 0 && m->serial > f->overtaken
      && m->serial == (m->scratch ? f->innermost_scratch : f->innermost);
  predicate mark_intact{L}(struct fba *f, struct fba_mark *m) =
      innermost_mark(f, m) ==>
          m->outer <= f->serial
          && (m->scratch
                  ? f->ceiling <= m->outer_bound <= f->reserve
                        && (m->outer == 0 ==> m->outer_bound == f->reserve)
                  : f->adopted <= m->outer_bound <= f->floor
                        && (m->outer == 0 ==> m->outer_bound == f->adopted));

  // The new mark is the innermost one of its end and protects all that is taken there; of the
  // other end and of the free space nothing has changed.
  predicate opened{K, L}(struct fba *f, struct fba_mark *m, integer scratch) =
      innermost_mark{L}(f, m) && mark_intact{L}(f, m)
      && (\at(m->scratch, L) != 0 <==> scratch != 0)
      && \at(f->serial, L) == \at(f->serial, K) + 1
      && (scratch != 0
              ? \at(f->ceiling, L) == \at(f->top, K)
                    && \at(m->outer_bound, L) == \at(f->ceiling, K)
                    && \at(m->outer, L) == \at(f->innermost_scratch, K)
                    && \at(f->floor, L) == \at(f->floor, K)
                    && \at(f->innermost, L) == \at(f->innermost, K)
              : \at(f->floor, L) == \at(f->last, K)
                    && \at(m->outer_bound, L) == \at(f->floor, K)
                    && \at(m->outer, L) == \at(f->innermost, K)
                    && \at(f->ceiling, L) == \at(f->ceiling, K)
                    && \at(f->innermost_scratch, L) == \at(f->innermost_scratch, K));

  // The mark's end is what it was when the mark was opened if rewound, else as it is; the mark
  // around it is the innermost one again.
  predicate closed{K, L}(struct fba *f, struct fba_mark *m, integer rewound) =
      nothing_forgotten{K, L}(f)
      && (\at(m->scratch, K) != 0
              ? \at(f->top, L) == (rewound != 0 ? \at(f->ceiling, K) : \at(f->top, K))
                    && \at(f->last, L) == \at(f->last, K)
                    && \at(f->ceiling, L) == \at(m->outer_bound, K)
                    && \at(f->innermost_scratch, L) == \at(m->outer, K)
                    && \at(f->floor, L) == \at(f->floor, K)
                    && \at(f->innermost, L) == \at(f->innermost, K)
              : \at(f->last, L) == (rewound != 0 ? \at(f->floor, K) : \at(f->last, K))
                    && \at(f->top, L) == \at(f->top, K)
                    && \at(f->floor, L) == \at(m->outer_bound, K)
                    && \at(f->innermost, L) == \at(m->outer, K)
                    && \at(f->ceiling, L) == \at(f->ceiling, K)
                    && \at(f->innermost_scratch, L) == \at(f->innermost_scratch, K));

  // The name under which a mark is refused.
  predicate named{L}(struct fba *f, struct fba_mark *m, integer r) =
      f->state != FBA_STATE_OPEN
      || (m->owner != f ? r == FBA_MARK_FOREIGN
          : m->serial == 0 ? r == FBA_MARK_CLOSED
          : m->serial <= f->overtaken ? r == FBA_MARK_OVERTAKEN
          : innermost_mark(f, m) ? r == FBA_OK : r == FBA_MARK_NOT_INNERMOST);
*/

// What a mask does. Admitted here; proved in bit vectors, for both word sizes, by
// tests/proof/bitvector_lemmas.py.
/*@
  axiomatic Masks {
    axiom or_bounds: \forall integer x, a; 0 <= x <= UINTPTR_MAX && 0 <= a <= UINTPTR_MAX ==>
        x <= (x | MASK(a)) <= UINTPTR_MAX && MASK(a) <= (x | MASK(a));
    axiom or_aligned: \forall integer x, a; 0 <= x <= UINTPTR_MAX && power_of_two(a) ==>
        ((x | MASK(a)) + 1) % a == 0;
    axiom or_least: \forall integer x, a, p;
        0 <= x < p <= UINTPTR_MAX && power_of_two(a) && p % a == 0 ==> (x | MASK(a)) < p;
    axiom or_in_page: \forall integer x, a;
        0 <= x < highest_end && power_of_two(a) && a <= 4096 ==> (x | MASK(a)) < highest_end;
    axiom and_bounds: \forall integer x, a; 0 <= x <= UINTPTR_MAX && 0 <= a <= UINTPTR_MAX ==>
        0 <= (x & MASK_OFF(a)) <= x;
    axiom and_aligned: \forall integer x, a; 0 <= x <= UINTPTR_MAX && power_of_two(a) ==>
        (x & MASK_OFF(a)) % a == 0;
    axiom and_greatest: \forall integer x, a, p;
        0 <= p <= x <= UINTPTR_MAX && power_of_two(a) && p % a == 0 ==> p <= (x & MASK_OFF(a));
    axiom remainder: \forall integer x, a; 0 <= x <= UINTPTR_MAX && power_of_two(a) ==>
        ((x & MASK(a)) == 0 <==> x % a == 0);
  }
*/

// Unsigned words wrap modulo 2^n (C11 6.2.5 paragraph 9), which Frama-C's solvers are not told.
/*@
  axiomatic Wrap {
    axiom modulo_above: \forall integer x; UINTPTR_MAX < x <= 2 * UINTPTR_MAX + 1 ==>
        (uintptr_t)x == x - UINTPTR_MAX - 1;
    axiom modulo_below: \forall integer x; -UINTPTR_MAX - 1 <= x < 0 ==>
        (uintptr_t)x == x + UINTPTR_MAX + 1;
  }
  lemma modulo_there_and_back: \forall integer b; 0 <= b <= UINTPTR_MAX ==>
      (uintptr_t)((uintptr_t)(b - 1) + 1) == b;
  lemma modulo_sum_and_back: \forall integer b, s; 0 <= b <= UINTPTR_MAX && 0 <= s <= SIZE_MAX ==>
      (uintptr_t)((uintptr_t)(b + s) - b) == s;
*/

// An allocation succeeded: the block lies in the free space, with the least padding, no byte of it
// is a byte that anybody held, and all that was held still is.
#define SERVED_AT(served, start, size, align)                                                      \
    ensures served ==> place(\old(fba->last), \old(fba->top), size, align, start);                 \
    ensures served ==> \forall integer p;                                                          \
        place(\old(fba->last), \old(fba->top), size, align, p) ==> start <= p;                     \
    ensures served ==> fba->last == start + size - 1;                                              \
    ensures served ==> newly_taken{Pre, Post}(fba, start, size);                                   \
    ensures served ==> nothing_forgotten{Pre, Post}(fba);
#define SCRATCH_AT(served, start, size, align)                                                     \
    ensures served ==> place(\old(fba->last), \old(fba->top), size, align, start);                 \
    ensures served ==> \forall integer p;                                                          \
        place(\old(fba->last), \old(fba->top), size, align, p) ==> p <= start;                     \
    ensures served ==> fba->top == start;                                                          \
    ensures served ==> newly_taken{Pre, Post}(fba, start, size);                                   \
    ensures served ==> nothing_forgotten{Pre, Post}(fba);
#define SERVED(size, align)                                                                        \
    SERVED_AT((\result != \null), address(\result), size, align)                                   \
    ensures \result != \null ==> fba->failure == \old(fba->failure);
#define SERVED_SCRATCH(size, align)                                                                \
    SCRATCH_AT((\result != \null), address(\result), size, align)                                  \
    ensures \result != \null ==> fba->failure == \old(fba->failure);

// A block that was to have another size: in place, or not at all.
#define RESIZED                                                                                    \
    ensures \result == FBA_OK <==>                                                                 \
        (new_size <= old_size                                                                      \
             ? inside{Pre}(fba, address(block), old_size)                                          \
             : last_block{Pre}(fba, address(block), old_size)                                      \
                   && address(block) + new_size <= \old(fba->top));                                \
    ensures \result == FBA_OK && last_block{Pre}(fba, address(block), old_size) ==>                \
        fba->last == address(block) + new_size - 1 && fba->top == \old(fba->top)                   \
        && nothing_forgotten{Pre, Post}(fba);                                                      \
    ensures \result != FBA_OK || !last_block{Pre}(fba, address(block), old_size) ==>               \
        same{Pre, Post}(fba);

// It failed: nothing but the record has changed, and the record says why.
#define REFUSED(size_, align_)                                                                     \
    ensures \result == \null ==> same{Pre, Post}(fba);                                            \
    RECORDED(size_, align_)
#define RECORDED(size_, align_)                                                                    \
    ensures \result == \null ==> fba->failure.size == size_ && fba->failure.align == align_;      \
    ensures \result == \null ==> reason{Pre}(fba, size_, align_, fba->failure.reason);            \
    ensures \result == \null ==> most_available{Pre}(fba, align_, fba->failure.available);        \
    ensures \result == \null ==> shortfall{Pre}(fba, size_, align_, fba->failure.shortfall);      \
    ensures \result == \null && \old(fba->failure.count) < SIZE_MAX ==>                           \
        fba->failure.count == \old(fba->failure.count) + 1;

// ── Small parts of fba.c ────────────────────────────────────────────────────────────────────────

#ifdef PROOF_OF_CORE

/*@ assigns \nothing; ensures \result <==> power_of_two(value); */
static inline bool is_power_of_two(size_t value);

/*@ assigns \nothing;
    ensures \result <= address;
    ensures align == 0 ==> \result == 0;
    ensures power_of_two(align) ==> \result % align == 0;
    ensures power_of_two(align) ==>
        \forall integer p; 0 <= p <= address && p % align == 0 ==> p <= \result;
    ensures power_of_two(align) ==> \forall integer last, top, size;
        0 <= last && 0 <= size && top == address + size ==>
        (fits(last, top, size, align) <==> last < \result);
*/
static inline uintptr_t round_down(uintptr_t address, size_t align);

/*@ assigns \nothing;
    ensures power_of_two(align) ==> (\result <==> address % align == 0); */
static inline bool is_aligned(uintptr_t address, size_t align);

/*@ assigns \nothing; ensures \result == smaller(a, b); */
static inline uintptr_t min_address(uintptr_t a, uintptr_t b);

/*@ assigns \nothing; ensures \result == larger(a, b); */
static inline uintptr_t max_address(uintptr_t a, uintptr_t b);

/*@ assigns \nothing; ensures \result == smaller(a + b, SIZE_MAX); */
static inline size_t saturating_add(size_t a, size_t b);

/*@ assigns \nothing; ensures \result <==> base != 0 && base + size <= highest_end; */
static bool is_good_buffer(uintptr_t base, size_t size);

/*@ requires \valid(fba);
    assigns *fba;
    ensures not_ready(fba);
    ensures no_marks(fba);
    ensures no_failures(fba);
    ensures no_hook(fba);
*/
static void clear_fields(struct fba *fba);

/*@ requires \valid(fba) && open(fba);
    requires fba->floor <= last <= fba->last || last == fba->adopted;
    requires fba->top <= top <= fba->ceiling || top == fba->reserve;
    assigns fba->peak, fba->high, fba->low, fba->last, fba->top, fba->settled;
    ensures fba->last == last && fba->top == top;
    ensures nothing_forgotten{Pre, Post}(fba);
    ensures fba->base - 1 <= fba->high <= fba->end && fba->base <= fba->low <= fba->end;
    ensures fba->peak <= fba->end - fba->base;
    ensures settled(fba);
*/
static void give_back(struct fba *fba, uintptr_t last, uintptr_t top);

/*@ assigns \nothing; ensures \result <==> before + size >= top; */
static inline bool exceeds(size_t size, uintptr_t before, uintptr_t top);

/*@ requires \valid(fba); assigns \nothing; ensures \result == \null; */
static void *call_hook(struct fba *fba);

/*@ requires \valid(fba) && invariant(fba);
    requires fba->state != FBA_STATE_OPEN || !power_of_two(fba->failure.align);
    assigns fba->failure.reason, fba->failure.available, fba->failure.shortfall;
    ensures \result == \null;
    ensures fba->state == FBA_STATE_NOT_READY ==> fba->failure.reason == FBA_NOT_READY;
    ensures fba->state == FBA_STATE_SEALED ==> fba->failure.reason == FBA_SEALED;
    ensures fba->state == FBA_STATE_OPEN ==> fba->failure.reason == FBA_BAD_ALIGNMENT;
    ensures fba->failure.available == 0 && fba->failure.shortfall == 0;
*/
static void *refuse_misuse(struct fba *fba);

/*@ requires \valid(fba) && invariant(fba) && !can_alloc(fba, size, align);
    assigns fba->failure;
    ensures \result == \null;
    ensures fba->failure.caller == caller;
    RECORDED(size, align)
*/
static void *refuse(struct fba *fba, size_t size, size_t align, const void *caller);

/*@ requires \valid(fba) && invariant(fba) && !can_alloc(fba, size, (size_t)(mask + 1));
    assigns fba->failure;
    ensures \result == \null;
    ensures fba->failure.caller == caller;
    RECORDED(size, (size_t)(mask + 1))
*/
static void *refuse_scratch(struct fba *fba, size_t size, size_t mask, const void *caller);

/*@ requires \valid(fba) && invariant(fba) && \valid(start) && \separated(fba, start);
    assigns fba->last, *start;
    ensures invariant(fba);
    ensures \result <==> can_alloc{Pre}(fba, size, align);
    SERVED_AT(\result, *start, size, align)
    ensures !\result ==> same{Pre, Post}(fba);
*/
static inline bool take(struct fba *fba, size_t size, size_t align, uintptr_t *start);

/*@ requires \valid(fba) && invariant(fba) && \valid(start) && \separated(fba, start);
    assigns fba->top, fba->settled, *start;
    ensures invariant(fba);
    ensures \result <==> can_alloc{Pre}(fba, size, align);
    SCRATCH_AT(\result, *start, size, align)
    ensures !\result ==> same{Pre, Post}(fba);
*/
static inline bool take_scratch(struct fba *fba, size_t size, size_t align, uintptr_t *start);

/*@ requires \valid_read(fba) && invariant(fba) && proof_cleared_from == proof_cleared_to;
    requires address(block) + size <= UINTPTR_MAX;
    assigns proof_cleared_from, proof_cleared_to;
    ensures \result == block;
    ensures cleared(address(block), size, fba->high, fba->low);
*/
static void *clear(const struct fba *fba, void *block, size_t size);

/*@ requires \valid_read(fba) && invariant(fba);
    requires fba->state == FBA_STATE_OPEN ==> from <= to;
    assigns \nothing;
    ensures \result == FBA_OK <==>
        fba->state == FBA_STATE_OPEN && start != 0 && fba->base <= start <= fba->end
        && from <= start && start + size <= to;
    ensures not_found{Pre}(fba, start, \result);
*/
static enum fba_status find(const struct fba *fba, uintptr_t start, size_t size, uintptr_t from,
                            uintptr_t to);

/*@ requires \valid_read(fba) && invariant(fba);
    assigns \nothing;
    ensures \result == FBA_OK <==> last_block(fba, start, size);
    ensures \result == FBA_PROTECTED <==> inside(fba, start, size) && start <= fba->floor;
    ensures \result == FBA_NOT_LAST <==>
        inside(fba, start, size) && start > fba->floor && start + size != fba->last + 1;
    ensures \result == FBA_PROTECTED || \result == FBA_NOT_LAST
        || not_found{Pre}(fba, start, \result);
*/
static enum fba_status find_last(const struct fba *fba, uintptr_t start, size_t size);

/*@ requires \valid(fba) && invariant(fba);
    assigns fba->peak, fba->high, fba->low, fba->last, fba->top, fba->settled;
    ensures invariant(fba);
    ensures \result == FBA_OK <==> last_block{Pre}(fba, (uintptr_t)(before + 1), (size_t)(block_last - before));
    ensures \result == FBA_OK ==> fba->last == before && fba->top == \old(fba->top)
        && nothing_forgotten{Pre, Post}(fba);
    ensures \result != FBA_OK ==> same{Pre, Post}(fba);
*/
static enum fba_status free_slowly(struct fba *fba, uintptr_t before, uintptr_t block_last);

/*@ requires \valid(fba) && invariant(fba);
    requires !(last_block(fba, (uintptr_t)(before + 1), old_size) && new_size > old_size
               && before + new_size < fba->top);
    assigns fba->peak, fba->high, fba->low, fba->last, fba->top, fba->settled;
    ensures invariant(fba);
    ensures \result == FBA_OK <==>
        new_size <= old_size && inside{Pre}(fba, (uintptr_t)(before + 1), old_size);
    ensures \result == FBA_OK && last_block{Pre}(fba, (uintptr_t)(before + 1), old_size) ==>
        fba->last == before + new_size && fba->top == \old(fba->top)
        && nothing_forgotten{Pre, Post}(fba);
    ensures \result != FBA_OK || !last_block{Pre}(fba, (uintptr_t)(before + 1), old_size) ==>
        same{Pre, Post}(fba);
*/
static enum fba_status resize_slowly(struct fba *fba, uintptr_t before, size_t old_size,
                                     size_t new_size);

/*@ requires \valid(fba) && invariant(fba) && fba->serial < SIZE_MAX;
    requires \valid(mark) && \separated(fba, mark);
    assigns *mark, fba->serial, fba->innermost, fba->innermost_scratch, fba->floor, fba->ceiling;
    ensures scratch ==> invariant(fba);
    ensures !scratch ==> invariant(fba);
    ensures \result == FBA_OK <==> fba->state == FBA_STATE_OPEN;
    ensures \result == FBA_OK && scratch ==> opened{Pre, Post}(fba, mark, 1);
    ensures \result == FBA_OK && !scratch ==> opened{Pre, Post}(fba, mark, 0);
    ensures \result != FBA_OK ==> same{Pre, Post}(fba) && mark->owner == \null;
*/
static enum fba_status open_mark(struct fba *fba, struct fba_mark *mark, bool scratch);

/*@ requires \valid(fba) && invariant(fba);
    requires \valid(mark) && \separated(fba, mark) && mark_intact(fba, mark);
    assigns mark->serial, fba->peak, fba->high, fba->low, fba->last, fba->top, fba->settled,
            fba->innermost, fba->innermost_scratch, fba->floor, fba->ceiling;
    ensures \result == FBA_OK ==> open_ranges(fba);
    ensures \result == FBA_OK && mark->scratch ==> open_marks(fba);
    ensures \result == FBA_OK && !mark->scratch ==> open_marks(fba);
    ensures \result == FBA_OK ==> settled(fba);
    ensures \result != FBA_OK ==> invariant(fba);
    ensures \result == FBA_OK <==>
        fba->state == FBA_STATE_OPEN && innermost_mark{Pre}(fba, mark);
    ensures \result == FBA_OK ==> mark->serial == 0;
    ensures \result == FBA_OK && rewind && mark->scratch ==> closed{Pre, Post}(fba, mark, 1);
    ensures \result == FBA_OK && rewind && !mark->scratch ==> closed{Pre, Post}(fba, mark, 1);
    ensures \result == FBA_OK && !rewind ==> closed{Pre, Post}(fba, mark, 0);
    ensures \result != FBA_OK ==> same{Pre, Post}(fba) && mark->serial == \old(mark->serial);
    ensures named{Pre}(fba, mark, \result);
*/
static enum fba_status close_mark(struct fba *fba, struct fba_mark *mark, bool rewind);

#endif

// ── fba.h, in its order ─────────────────────────────────────────────────────────────────────────

/*@ requires \valid(fba);
    assigns *fba;
    ensures invariant(fba);
    ensures \result == FBA_OK || \result == FBA_BAD_BUFFER;
    ensures \result == FBA_OK <==> buffer != \null && address(buffer) + size <= highest_end;
    ensures \result == FBA_OK ==> fresh(fba, address(buffer), size)
        && fba->high == fba->base - 1 && fba->low == fba->end;
    ensures \result != FBA_OK ==> not_ready(fba);
*/
enum fba_status fba_init_zeroed(struct fba *fba, void *buffer, size_t size);

/*@ requires \valid(fba);
    assigns *fba;
    ensures invariant(fba);
    ensures \result == FBA_OK || \result == FBA_BAD_BUFFER;
    ensures \result == FBA_OK <==> buffer != \null && address(buffer) + size <= highest_end;
    ensures \result == FBA_OK ==> fresh(fba, address(buffer), size) && fba->high == fba->end;
    ensures \result != FBA_OK ==> not_ready(fba);
*/
enum fba_status fba_init(struct fba *fba, void *buffer, size_t size);

/*@ requires \valid(fba) && invariant(fba);
    assigns fba->last, fba->failure;
    ensures invariant(fba);
    ensures \result != \null <==> can_alloc{Pre}(fba, size, align);
    SERVED(size, align)
    REFUSED(size, align)
*/
void *fba_alloc(struct fba *fba, size_t size, size_t align);

/*@ requires \valid(fba) && invariant(fba);
    assigns fba->last, fba->failure;
    ensures invariant(fba);
    ensures \result != \null <==> can_alloc{Pre}(fba, size, align);
    SERVED(size, align)
    REFUSED(size, align)
    ensures \result == \null && caller != \null ==> fba->failure.caller == caller;
*/
void *fba_alloc_by(struct fba *fba, size_t size, size_t align, const void *caller);

/*@ assigns \nothing;
    ensures last <= \result;
    ensures align == 0 ==> \result == UINTPTR_MAX;
    ensures power_of_two(align) ==> (\result + 1) % align == 0;
    ensures power_of_two(align) ==>
        \forall integer p; last < p && p % align == 0 ==> \result < p;
    ensures power_of_two(align) ==> \forall integer top, size;
        0 <= size ==> (fits(last, top, size, align) <==> \result + 1 + size <= top);
    ensures power_of_two(align) && align <= 4096 && last < highest_end ==> \result < highest_end;
*/
static inline uintptr_t fba_byte_before_(uintptr_t last, size_t align);

/*@ assigns \nothing; ensures align != 0 ==> (\result <==> !power_of_two(align)); */
static inline bool fba_has_several_bits_(size_t align);

/*@ requires \valid(fba) && invariant(fba);
    assigns fba->last, fba->failure;
    ensures invariant(fba);
    ensures \result != \null <==> can_alloc{Pre}(fba, size, align);
    SERVED(size, align)
    REFUSED(size, align)
*/
static inline void *fba_alloc_inline(struct fba *fba, size_t size, size_t align);

// count × size is computed as written here.
/*@ assigns \nothing; ensures \result == smaller(count * size, SIZE_MAX); */
static inline size_t fba_array_size(size_t count, size_t size);

/*@ requires \valid(fba) && invariant(fba);
    assigns fba->last, fba->failure;
    ensures invariant(fba);
    ensures \result != \null <==> can_alloc{Pre}(fba, count * size, align);
    SERVED(count * size, align)
    REFUSED(smaller(count * size, SIZE_MAX), align)
*/
static inline void *fba_alloc_array(struct fba *fba, size_t count, size_t size, size_t align);

/*@ requires \valid(fba) && invariant(fba) && proof_cleared_from == proof_cleared_to;
    assigns fba->last, fba->failure, proof_cleared_from, proof_cleared_to;
    ensures invariant(fba);
    ensures \result != \null <==> can_alloc{Pre}(fba, count * size, align);
    SERVED(count * size, align)
    ensures \result != \null ==> cleared(address(\result), count * size,
                                         highest_handed_out{Pre}(fba), lowest_scratch{Pre}(fba));
    REFUSED(smaller(count * size, SIZE_MAX), align)
*/
static inline void *fba_alloc_array_zeroed(struct fba *fba, size_t count, size_t size,
                                           size_t align);

/*@ requires \valid(fba) && invariant(fba) && proof_cleared_from == proof_cleared_to;
    assigns fba->last, fba->failure, proof_cleared_from, proof_cleared_to;
    ensures invariant(fba);
    ensures \result != \null <==> can_alloc{Pre}(fba, size, align);
    SERVED(size, align)
    ensures \result != \null ==> cleared(address(\result), size, highest_handed_out{Pre}(fba),
                                         lowest_scratch{Pre}(fba));
    REFUSED(size, align)
*/
void *fba_alloc_zeroed(struct fba *fba, size_t size, size_t align);

/*@ requires \valid(fba) && invariant(fba) && is_address(block);
    assigns fba->peak, fba->high, fba->low, fba->last, fba->top, fba->settled;
    ensures invariant(fba);
    ensures \result == FBA_OK <==> last_block{Pre}(fba, address(block), size);
    ensures \result == FBA_OK ==> fba->last == address(block) - 1 && fba->top == \old(fba->top)
        && nothing_forgotten{Pre, Post}(fba);
    ensures \result != FBA_OK ==> same{Pre, Post}(fba);
*/
enum fba_status fba_free(struct fba *fba, void *block, size_t size);

/*@ requires \valid(fba) && invariant(fba) && is_address(block);
    assigns fba->peak, fba->high, fba->low, fba->last, fba->top, fba->settled;
    ensures invariant(fba);
    RESIZED
*/
enum fba_status fba_resize(struct fba *fba, void *block, size_t old_size, size_t new_size);

/*@ requires \valid(fba) && invariant(fba) && is_address(block);
    assigns fba->peak, fba->high, fba->low, fba->last, fba->top, fba->settled;
    ensures invariant(fba);
    RESIZED
*/
static inline enum fba_status fba_resize_inline(struct fba *fba, void *block, size_t old_size,
                                                size_t new_size);

/*@ requires \valid(fba) && invariant(fba) && is_address(block);
    assigns fba->peak, fba->high, fba->low, fba->last, fba->top, fba->settled;
    ensures invariant(fba);
    ensures \result == \null || \result == block;
    ensures block != \null ==> (\result != \null <==>
        (new_size <= old_size
             ? inside{Pre}(fba, address(block), old_size)
             : last_block{Pre}(fba, address(block), old_size)
                   && address(block) + new_size <= \old(fba->top)));
    ensures \result != \null && last_block{Pre}(fba, address(block), old_size) ==>
        fba->last == address(block) + new_size - 1 && fba->top == \old(fba->top)
        && nothing_forgotten{Pre, Post}(fba);
    ensures \result == \null || !last_block{Pre}(fba, address(block), old_size) ==>
        same{Pre, Post}(fba);
*/
static inline void *fba_remap(struct fba *fba, void *block, size_t old_size, size_t new_size);

/*@ requires \valid(fba) && invariant(fba) && is_address(block);
    assigns fba->peak, fba->high, fba->low, fba->last, fba->top, fba->settled, fba->failure,
            proof_copied_from, proof_copied_to, proof_copied;
    ensures invariant(fba);
    ensures new_size == 0 ==> \result == \null;
    ensures new_size != 0 && \result != \null ==> address(\result) % align == 0;
    ensures \result != \null && \result != block && block != \null ==>
        proof_copied_from == address(block) && proof_copied_to == address(\result)
        && proof_copied == smaller(old_size, new_size);
    ensures \result != \null && \result != block ==>
        place(\old(fba->last), \old(fba->top), new_size, align, address(\result));
    ensures \result == \null && new_size != 0 ==> same{Pre, Post}(fba);
    ensures \result == \null ==> proof_copied == \old(proof_copied);
*/
void *fba_realloc(struct fba *fba, void *block, size_t old_size, size_t new_size, size_t align);

/*@ requires \valid(fba) && invariant(fba);
    assigns fba->top, fba->settled, fba->failure;
    ensures invariant(fba);
    ensures \result != \null <==> can_alloc{Pre}(fba, size, align);
    SERVED_SCRATCH(size, align)
    REFUSED(size, align)
*/
void *fba_scratch_alloc(struct fba *fba, size_t size, size_t align);

/*@ requires \valid(fba) && invariant(fba);
    assigns fba->top, fba->settled, fba->failure;
    ensures invariant(fba);
    ensures \result != \null <==> can_alloc{Pre}(fba, size, align);
    SERVED_SCRATCH(size, align)
    REFUSED(size, align)
    ensures \result == \null && caller != \null ==> fba->failure.caller == caller;
*/
void *fba_scratch_alloc_by(struct fba *fba, size_t size, size_t align, const void *caller);

/*@ requires \valid(fba) && invariant(fba);
    assigns fba->peak, fba->high, fba->low, fba->last, fba->top, fba->settled;
    ensures invariant(fba);
    ensures \result == FBA_OK <==> last_scratch{Pre}(fba, address(block), size);
    ensures \result == FBA_OK ==>
        fba->top == address(block) + size && fba->last == \old(fba->last)
        && nothing_forgotten{Pre, Post}(fba);
    ensures \result != FBA_OK ==> same{Pre, Post}(fba);
*/
enum fba_status fba_scratch_free(struct fba *fba, void *block, size_t size);

/*@ requires \valid(fba) && invariant(fba) && fba->serial < SIZE_MAX;
    requires \valid(mark) && \separated(fba, mark);
    assigns *mark, fba->serial, fba->innermost, fba->innermost_scratch, fba->floor, fba->ceiling;
    ensures invariant(fba);
    ensures \result == FBA_OK <==> fba->state == FBA_STATE_OPEN;
    ensures \result == FBA_OK ==> opened{Pre, Post}(fba, mark, 0);
    ensures \result != FBA_OK ==> same{Pre, Post}(fba) && mark->owner == \null;
*/
enum fba_status fba_mark(struct fba *fba, struct fba_mark *mark);

/*@ requires \valid(fba) && invariant(fba) && fba->serial < SIZE_MAX;
    requires \valid(mark) && \separated(fba, mark);
    assigns *mark, fba->serial, fba->innermost, fba->innermost_scratch, fba->floor, fba->ceiling;
    ensures invariant(fba);
    ensures \result == FBA_OK <==> fba->state == FBA_STATE_OPEN;
    ensures \result == FBA_OK ==> opened{Pre, Post}(fba, mark, 1);
    ensures \result != FBA_OK ==> same{Pre, Post}(fba) && mark->owner == \null;
*/
enum fba_status fba_scratch_mark(struct fba *fba, struct fba_mark *mark);

/*@ requires \valid(fba) && invariant(fba);
    requires \valid(mark) && \separated(fba, mark) && mark_intact(fba, mark);
    assigns mark->serial, fba->peak, fba->high, fba->low, fba->last, fba->top, fba->settled,
            fba->innermost, fba->innermost_scratch, fba->floor, fba->ceiling;
    ensures invariant(fba);
    ensures \result == FBA_OK <==>
        fba->state == FBA_STATE_OPEN && innermost_mark{Pre}(fba, mark);
    ensures \result == FBA_OK ==> mark->serial == 0 && closed{Pre, Post}(fba, mark, 1);
    ensures \result != FBA_OK ==> same{Pre, Post}(fba) && mark->serial == \old(mark->serial);
    ensures named{Pre}(fba, mark, \result);
*/
enum fba_status fba_rewind(struct fba *fba, struct fba_mark *mark);

/*@ requires \valid(fba) && invariant(fba);
    requires \valid(mark) && \separated(fba, mark) && mark_intact(fba, mark);
    assigns mark->serial, fba->peak, fba->high, fba->low, fba->last, fba->top, fba->settled,
            fba->innermost, fba->innermost_scratch, fba->floor, fba->ceiling;
    ensures invariant(fba);
    ensures \result == FBA_OK <==>
        fba->state == FBA_STATE_OPEN && innermost_mark{Pre}(fba, mark);
    ensures \result == FBA_OK ==> mark->serial == 0 && closed{Pre, Post}(fba, mark, 0);
    ensures \result != FBA_OK ==> same{Pre, Post}(fba) && mark->serial == \old(mark->serial);
    ensures named{Pre}(fba, mark, \result);
*/
enum fba_status fba_keep(struct fba *fba, struct fba_mark *mark);

/*@ requires \valid(mark);
    requires mark->owner != \null ==> \valid(mark->owner) && invariant(mark->owner)
        && \separated(mark->owner, mark) && mark_intact(mark->owner, mark);
    assigns mark->serial, mark->owner->peak, mark->owner->high, mark->owner->low,
            mark->owner->last, mark->owner->top, mark->owner->settled, mark->owner->innermost,
            mark->owner->innermost_scratch, mark->owner->floor, mark->owner->ceiling;
    ensures mark->owner != \null ==> invariant(mark->owner);
    ensures mark->owner != \null && mark->owner->state == FBA_STATE_OPEN
        && innermost_mark{Pre}(mark->owner, mark) ==> closed{Pre, Post}(mark->owner, mark, 1);
*/
void fba_scope_close_(struct fba_mark *mark);

/*@ requires \valid(fba) && invariant(fba);
    assigns fba->peak, fba->high, fba->low, fba->last, fba->top, fba->settled, fba->floor,
            fba->ceiling, fba->innermost, fba->innermost_scratch, fba->overtaken;
    ensures invariant(fba);
    ensures \result == FBA_OK <==> fba->state == FBA_STATE_OPEN;
    ensures \result == FBA_OK ==>
        fba->last == fba->adopted && fba->top == fba->reserve && fba->floor == fba->adopted
        && fba->ceiling == fba->reserve && fba->innermost == 0 && fba->innermost_scratch == 0
        && fba->overtaken == fba->serial && nothing_forgotten{Pre, Post}(fba);
    ensures \result != FBA_OK ==> same{Pre, Post}(fba);
*/
enum fba_status fba_reset(struct fba *fba);

/*@ requires \valid_read(fba) && invariant(fba);
    assigns \nothing;
    ensures fba->state == FBA_STATE_NOT_READY ==> \result == FBA_NOT_READY;
    ensures fba->state == FBA_STATE_OPEN ==> \result == FBA_OK;
    ensures fba->state == FBA_STATE_SEALED ==> \result == FBA_SEALED;
*/
enum fba_status fba_status(const struct fba *fba);

/*@ requires \valid_read(fba) && invariant(fba);
    assigns \nothing;
    ensures \result <==>
        fba->state != FBA_STATE_NOT_READY
        && fba->base <= address((void *)block) && address((void *)block) + size <= fba->end
        && (fba->state == FBA_STATE_SEALED ==>
                address((void *)block) >= fba->ceiling
                || (address((void *)block) <= fba->floor
                    && address((void *)block) + size <= fba->floor + 1));
*/
bool fba_owns_range(const struct fba *fba, const void *block, size_t size);

/*@ requires \valid_read(fba) && invariant(fba);
    assigns \nothing;
    ensures \result <==>
        fba->state != FBA_STATE_NOT_READY && fba->base <= address((void *)block) < fba->end
        && (fba->state == FBA_STATE_SEALED ==>
                address((void *)block) >= fba->ceiling
                || address((void *)block) <= fba->floor);
*/
static inline bool fba_owns(const struct fba *fba, const void *block);

/*@ requires \valid_read(fba) && invariant(fba);
    assigns \nothing; ensures \result == fba->end - fba->base; */
size_t fba_capacity(const struct fba *fba);

/*@ requires \valid_read(fba) && invariant(fba);
    assigns \nothing;
    ensures \result == (fba->state == FBA_STATE_NOT_READY ? 0 : fba->last + 1 - fba->base); */
size_t fba_used(const struct fba *fba);

/*@ requires \valid_read(fba) && invariant(fba);
    assigns \nothing;
    ensures \result == (fba->state == FBA_STATE_OPEN ? fba->reserve - fba->top : 0); */
size_t fba_scratch_used(const struct fba *fba);

/*@ requires \valid_read(fba) && invariant(fba);
    assigns \nothing; ensures \result == fba->end - fba->reserve; */
size_t fba_reserved(const struct fba *fba);

/*@ requires \valid_read(fba) && invariant(fba);
    assigns \nothing;
    ensures fba->state == FBA_STATE_OPEN ==> \result == true_peak(fba);
    ensures fba->state == FBA_STATE_NOT_READY ==> \result == 0; */
size_t fba_peak(const struct fba *fba);

/*@ requires \valid_read(fba) && invariant(fba);
    assigns \nothing; ensures most_available(fba, align, \result); */
size_t fba_available(const struct fba *fba, size_t align);

/*@ requires \valid(fba) && invariant(fba);
    assigns fba->hook, fba->hook_context;
    ensures invariant(fba) && fba->hook == hook && fba->hook_context == context; */
void fba_set_failure_hook(struct fba *fba, fba_failure_hook hook, void *context);

/*@ assigns \nothing; */
const char *fba_status_name(enum fba_status status);

#endif
