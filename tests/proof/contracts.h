// SPDX-License-Identifier: MIT
// What kmem/fba.h, fba.c, fba_inline.h and fba_account.h are proved to do, as ACSL contracts.
// Frama-C reads this header before the sources, which it takes as they ship: the functions are
// declared here once more, each with its contract. tests/proof/README.md says what is assumed; the
// contracts of fba_handoff.h are in handoff_contracts.h.
// It is laid out by hand, because a formatter would fold the contracts.
// clang-format off
#ifndef TESTS_PROOF_CONTRACTS_H
#define TESTS_PROOF_CONTRACTS_H

// Hints to the compiler mean nothing to the prover; an address of code is any address. That a
// statement is never reached is to be proved.
#define __builtin_expect(condition, value) (condition)
#define __builtin_return_address(level) proof_return_address()
#define __builtin_unreachable() proof_unreachable()

/*@ assigns \result \from \nothing; */
void *proof_return_address(void);

/*@ requires \false; assigns \nothing; ensures \false; */
void proof_unreachable(void);

#include <stddef.h>
#include <stdint.h>

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

#include "kmem/fba.h"

#include "kmem/fba_account.h"
#include "kmem/fba_inline.h"

// A failure hook leaves the allocator alone: fba.h asks for that. Wherever fba->hook is called, this
// function is.
/*@ assigns \nothing; */
void proof_hook(struct fba *fba, void *context);
#define hook(fba, context) hook, proof_hook(fba, context)

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

  // A place for a block strictly between two edges: behind `lower` and not beyond `upper`.
  predicate place(integer lower, integer upper, integer size, integer align, integer p) =
      lower < p && p % align == 0 && p + size <= upper;
  inductive fits(integer lower, integer upper, integer size, integer align) {
    case somewhere: \forall integer lower, upper, size, align, p;
        place(lower, upper, size, align, p) ==> fits(lower, upper, size, align);
  }

  // A block is given to the sources as the byte before it and its last byte, both modulo 2^n. The
  // address behind it, which may lie beyond the address space.
  logic integer behind(integer before, integer last) =
      last < before ? last + 1 + UINTPTR_MAX + 1 : last + 1;
*/

// ── The allocator ───────────────────────────────────────────────────────────────────────────────

/*@
  // Nothing of an end differs.
  predicate same_end{K, L}(struct fba_end *e) =
      \at(e->edge, K) == \at(e->edge, L) && \at(e->bound, K) == \at(e->bound, L)
      && \at(e->watermark, K) == \at(e->watermark, L) && \at(e->depth, K) == \at(e->depth, L);
  // Outside all marks the bound of an end is where it was in the beginning.
  predicate bounded{L}(struct fba *f, struct fba_end *e, integer outermost) =
      f->reset_depth <= e->depth && (e->depth == f->reset_depth ==> e->bound == outermost);
  predicate no_marks{L}(struct fba *f) =
      f->lower.depth == f->reset_depth && f->upper.depth == f->reset_depth;

  predicate accounts{L}(struct fba *f) =
      1 <= f->base <= f->end <= highest_end
      && f->base - 1 <= f->lower.watermark <= f->end && f->base <= f->upper.watermark <= f->end
      && 1 <= f->least_gap <= f->end - f->base + 1;
  predicate open_ranges{L}(struct fba *f) =
      accounts(f)
      && f->base - 1 <= f->adopted <= f->lower.bound <= f->lower.edge < f->upper.edge
      && f->upper.edge <= f->upper.bound <= f->end;
  predicate open_marks{L}(struct fba *f) =
      bounded(f, &f->lower, f->adopted) && bounded(f, &f->upper, f->end);
  // Below the limit, the retreat of the lower edge makes neither watermark nor peak forget anything.
  predicate limited{L}(struct fba *f) =
      f->fast_free_limit == 0
      || (f->fast_free_limit <= f->lower.watermark + 1
          && f->fast_free_limit + f->least_gap <= f->upper.edge + 1);
  predicate open{L}(struct fba *f) =
      f->state == FBA_STATE_OPEN && open_ranges(f) && open_marks(f) && limited(f);

  // Not ready; or what fba_shared_begin() left.
  predicate zero_end{L}(struct fba_end *e) =
      e->edge == 0 && e->bound == 0 && e->watermark == 0 && e->depth == 0;
  predicate empty{L}(struct fba *f) =
      zero_end(&f->lower) && zero_end(&f->upper) && f->base == 0 && f->end == 0
      && f->adopted == 0 && f->fast_free_limit == 0 && f->least_gap == 0 && f->reset_depth == 0;
  predicate not_ready{L}(struct fba *f) = f->state == FBA_STATE_NOT_READY && empty(f);
  predicate shared{L}(struct fba *f) = f->state == FBA_STATE_SHARED && empty(f);

  predicate sealed{L}(struct fba *f) =
      f->state == FBA_STATE_SEALED && accounts(f) && no_marks(f)
      && f->base - 1 <= f->adopted <= f->lower.edge <= f->lower.bound < f->upper.bound <= f->end
      && f->upper.edge == f->lower.edge && f->fast_free_limit == 0;

  predicate invariant{L}(struct fba *f) = not_ready(f) || open(f) || shared(f) || sealed(f);

  // Nothing of the allocator differs but the failure record.
  predicate same{K, L}(struct fba *f) =
      same_end{K, L}(\at(&f->lower, L)) && same_end{K, L}(\at(&f->upper, L))
      && \at(f->base, K) == \at(f->base, L) && \at(f->end, K) == \at(f->end, L)
      && \at(f->adopted, K) == \at(f->adopted, L)
      && \at(f->fast_free_limit, K) == \at(f->fast_free_limit, L)
      && \at(f->least_gap, K) == \at(f->least_gap, L)
      && \at(f->reset_depth, K) == \at(f->reset_depth, L) && \at(f->state, K) == \at(f->state, L);

  predicate status_of{L}(struct fba *f, integer r) =
      r == (f->state == FBA_STATE_NOT_READY ? FBA_NOT_READY
            : f->state == FBA_STATE_OPEN ? FBA_OK
            : f->state == FBA_STATE_SHARED ? FBA_BUSY : FBA_SEALED);

  // A byte of a block of either end, or of its padding. Every live block consists of such bytes.
  predicate taken{L}(struct fba *f, integer byte) =
      f->base <= byte <= f->lower.edge || f->upper.edge <= byte < f->end;

  // What the watermarks and the least gap amount to when they are asked for.
  logic integer highest_handed_out{L}(struct fba *f) = larger(f->lower.watermark, f->lower.edge);
  logic integer lowest_scratch{L}(struct fba *f) = smaller(f->upper.watermark, f->upper.edge);
  logic integer true_gap{L}(struct fba *f) =
      smaller(f->least_gap, f->upper.edge - f->lower.edge);
  logic integer bytes_taken{L}(struct fba *f) =
      (f->lower.edge + 1 - f->base) + (f->end - f->upper.edge);
  logic integer true_peak{L}(struct fba *f) = f->end - f->base + 1 - true_gap(f);
  predicate nothing_forgotten{K, L}(struct fba *f) =
      highest_handed_out{K}(f) <= highest_handed_out{L}(f)
      && lowest_scratch{L}(f) <= lowest_scratch{K}(f)
      && true_peak{L}(f) == larger(true_peak{K}(f), bytes_taken{L}(f));

  // [start, start + size) lies in what was free, and is taken now; what was taken stays so.
  predicate newly_taken{K, L}(struct fba *f, integer start, integer size) =
      (\forall integer byte; start <= byte < start + size ==> !taken{K}(f, byte) && taken{L}(f, byte))
      && (\forall integer byte; taken{K}(f, byte) ==> taken{L}(f, byte));

  predicate can_alloc{L}(struct fba *f, integer size, integer align) =
      f->state == FBA_STATE_OPEN && power_of_two(align)
      && fits(f->lower.edge, f->upper.edge, size, align);

  // `n` is the largest size that fits between two edges; 0 if none does.
  predicate most_available(integer lower, integer upper, integer align, integer n) =
      power_of_two(align) && fits(lower, upper, 0, align)
          ? fits(lower, upper, n, align) && !fits(lower, upper, n + 1, align)
          : n == 0;
  // `n` more bytes at the end would have been enough and fewer not; SIZE_MAX may be too few.
  predicate shortfall(integer lower, integer upper, integer size, integer align, integer n) =
      power_of_two(align) && lower != upper
          ? !fits(lower, upper + n - 1, size, align)
                && (n < SIZE_MAX ==> fits(lower, upper + n, size, align))
          : n == 0;
  // Why a request failed between two edges, which are equal in every state but open.
  predicate reason{L}(struct fba *f, integer lower, integer upper, integer size, integer align,
                      integer r) =
      lower == upper ? status_of(f, r)
      : power_of_two(align)
            ? (fits(f->adopted, f->end, size, align) ? r == FBA_EXHAUSTED : r == FBA_TOO_LARGE)
            : r == FBA_BAD_ALIGNMENT;
  // The record tells of a request that could not be served.
  predicate recorded{L}(struct fba *f) =
      f->failure.count == 0
      || (f->failure.lower <= f->failure.upper
          && !(power_of_two(f->failure.align)
               && fits(f->failure.lower, f->failure.upper, f->failure.size, f->failure.align)));

  // A block that the lower end could have handed out; the last one of either end.
  predicate inside{L}(struct fba *f, integer start, integer size) =
      f->state == FBA_STATE_OPEN && f->base <= start && start + size <= f->lower.edge + 1;
  predicate last_block{L}(struct fba *f, integer start, integer size) =
      f->state == FBA_STATE_OPEN && f->lower.bound < start && start + size == f->lower.edge + 1;
  predicate last_scratch{L}(struct fba *f, integer start, integer size) =
      f->state == FBA_STATE_OPEN && start == f->upper.edge && start + size <= f->upper.bound;

  // What [start, beyond) is called if it is not the last block of the lower end, or of the upper.
  predicate closed_block{L}(struct fba *f, integer start, integer r) =
      f->state != FBA_STATE_SEALED ? status_of(f, r)
      : start < f->base || start >= f->end ? r == FBA_FOREIGN
      : start <= f->lower.bound || start >= f->upper.bound ? r == FBA_PERMANENT : r == FBA_GONE;
  predicate lower_block{L}(struct fba *f, integer start, integer beyond, integer r) =
      start == 0 ? r == FBA_OK
      : f->state != FBA_STATE_OPEN ? closed_block(f, start, r)
      : start < f->base || start > f->end ? r == FBA_FOREIGN
      : beyond > f->lower.edge + 1 ? r == FBA_BAD_BLOCK
      : start <= f->lower.bound ? r == FBA_PROTECTED : r == FBA_NOT_LAST;
  predicate upper_block{L}(struct fba *f, integer start, integer beyond, integer r) =
      start == 0 ? r == FBA_OK
      : f->state != FBA_STATE_OPEN ? closed_block(f, start, r)
      : start < f->base || start > f->end ? r == FBA_FOREIGN
      : start < f->upper.edge || beyond > f->end ? r == FBA_BAD_BLOCK
      : beyond > f->upper.bound ? r == FBA_PROTECTED : r == FBA_NOT_LAST;

  // What memset() was given covers every byte of the block that may hold something, and no byte
  // outside the block.
  predicate was_cleared{L}(integer byte) = proof_cleared_from <= byte < proof_cleared_to;
  predicate cleared{L}(integer start, integer size, integer high, integer low) =
      (\forall integer byte;
           start <= byte < start + size && (byte <= high || byte >= low) && start != 0 ==>
           was_cleared(byte))
      && (proof_cleared_from < proof_cleared_to ==>
              start <= proof_cleared_from && proof_cleared_to <= start + size);

  predicate fresh{L}(struct fba *f, integer base, integer size) =
      f->state == FBA_STATE_OPEN && f->base == base && f->end == base + size
      && f->lower.edge == base - 1 && f->lower.bound == base - 1 && f->adopted == base - 1
      && f->upper.edge == f->end && f->upper.bound == f->end && f->upper.watermark == f->end
      && f->least_gap == size + 1 && f->fast_free_limit == 0
      && f->lower.depth == 0 && f->upper.depth == 0 && f->reset_depth == 0
      && f->failure.count == 0 && f->hook == \null;
*/

// ── Marks ───────────────────────────────────────────────────────────────────────────────────────

/*@
  predicate innermost_of{L}(struct fba *f, struct fba_mark *m, struct fba_end *e) =
      m->end == e && m->depth == e->depth && m->depth > f->reset_depth;
  predicate innermost{L}(struct fba *f, struct fba_mark *m) =
      innermost_of(f, m, &f->lower) || innermost_of(f, m, &f->upper);
  // What fba_mark() left in a mark, as far as closing it relies on it: the bound outside it lies
  // between its own and the outermost one, which it is if no other mark is around it.
  predicate mark_intact{L}(struct fba *f, struct fba_mark *m) =
      (innermost_of(f, m, &f->lower) ==>
          f->adopted <= m->outer_bound <= f->lower.bound
          && (m->depth == f->reset_depth + 1 ==> m->outer_bound == f->adopted))
      && (innermost_of(f, m, &f->upper) ==>
          f->upper.bound <= m->outer_bound <= f->end
          && (m->depth == f->reset_depth + 1 ==> m->outer_bound == f->end));

  // The new mark is the innermost one of the end `e` and protects all that is taken there; of the
  // other end and of the free space nothing has changed.
  predicate opened{K, L}(struct fba *f, struct fba_mark *m, struct fba_end *e, struct fba_end *other) =
      innermost_of{L}(f, m, e) && mark_intact{L}(f, m)
      && \at(e->depth, L) == \at(e->depth, K) + 1
      && \at(e->bound, L) == \at(e->edge, K) && \at(m->outer_bound, L) == \at(e->bound, K)
      && \at(e->edge, L) == \at(e->edge, K) && \at(e->watermark, L) == \at(e->watermark, K)
      && same_end{K, L}(other);

  // The edge of the mark's end is where it was when the mark was opened if rewound, else where it
  // is; the mark around it is the innermost one again.
  predicate closed{K, L}(struct fba *f, struct fba_mark *m, struct fba_end *e,
                         struct fba_end *other, integer rewound) =
      \at(m->end, K) == e ==>
          \at(e->edge, L) == (rewound != 0 ? \at(e->bound, K) : \at(e->edge, K))
          && \at(e->bound, L) == \at(m->outer_bound, K)
          && \at(e->depth, L) == \at(e->depth, K) - 1
          && same_end{K, L}(other) && nothing_forgotten{K, L}(f);

  // What a mark is called.
  predicate named{L}(struct fba *f, struct fba_mark *m, integer r) =
      f->state != FBA_STATE_OPEN ? status_of(f, r)
      : m->end != &f->lower && m->end != &f->upper ? r == FBA_MARK_FOREIGN
      : m->depth == 0 ? r == FBA_MARK_CLOSED
      : m->depth <= f->reset_depth ? r == FBA_MARK_OVERTAKEN
      : innermost(f, m) ? r == FBA_OK : r == FBA_MARK_NOT_INNERMOST;
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

// Where the highest start of a block below an upper edge lies; an alignment of 0 rounds down to 0.
/*@ lemma none_aligned: \forall integer upper, size, align;
        0 <= size <= upper <= UINTPTR_MAX && 0 <= align < 1 ==>
        ((uintptr_t)(upper - size) & MASK_OFF(align)) == 0;
    lemma highest_start: \forall integer upper, size, align;
        0 <= size <= upper <= UINTPTR_MAX && power_of_two(align) ==>
        0 <= ((uintptr_t)(upper - size) & MASK_OFF(align)) <= upper - size
        && ((uintptr_t)(upper - size) & MASK_OFF(align)) % align == 0;
    lemma highest_start_greatest: \forall integer upper, size, align, p;
        0 <= size && 0 <= p <= upper - size && upper <= UINTPTR_MAX && power_of_two(align)
        && p % align == 0 ==> p <= ((uintptr_t)(upper - size) & MASK_OFF(align));
    lemma fits_downwards: \forall integer lower, upper, size, align;
        0 <= lower <= UINTPTR_MAX && 0 <= size <= upper <= UINTPTR_MAX && power_of_two(align) ==>
        (fits(lower, upper, size, align) <==> lower < ((uintptr_t)(upper - size) & MASK_OFF(align)));
*/

// What the functions that move an edge write, and those that open or close a mark.
#define LOWER_END_MOVES(f) (f)->lower.edge, (f)->lower.watermark, (f)->least_gap, (f)->fast_free_limit
#define BOUNDS_CHANGE(f) (f)->lower.bound, (f)->lower.depth, (f)->upper.bound, (f)->upper.depth

// An allocation succeeded: the block lies in the free space, with the least padding, no byte of it
// was taken, and all that was taken still is.
#define SERVED_AT_EDGE(size, align)                                                                \
    ensures \result != \null ==>                                                                   \
        place(\old(fba->lower.edge), \old(fba->upper.edge), size, align, address(\result));        \
    ensures \result != \null ==> newly_taken{Pre, Post}(fba, address(\result), size);              \
    ensures \result != \null ==> nothing_forgotten{Pre, Post}(fba);                                \
    ensures \result != \null ==> fba->failure == \old(fba->failure);
#define SERVED(size, align)                                                                        \
    ensures \result != \null <==> can_alloc{Pre}(fba, size, align);                                \
    ensures \result != \null ==> \forall integer p;                                                \
        place(\old(fba->lower.edge), \old(fba->upper.edge), size, align, p) ==>                    \
        address(\result) <= p;                                                                     \
    ensures \result != \null ==> fba->lower.edge == address(\result) + size - 1;                   \
    SERVED_AT_EDGE(size, align)
#define SERVED_SCRATCH(size, align)                                                                \
    ensures \result != \null <==> can_alloc{Pre}(fba, size, align);                                \
    ensures \result != \null ==> \forall integer p;                                                \
        place(\old(fba->lower.edge), \old(fba->upper.edge), size, align, p) ==>                    \
        p <= address(\result);                                                                     \
    ensures \result != \null ==> fba->upper.edge == address(\result);                              \
    SERVED_AT_EDGE(size, align)

// It failed: nothing but the record has changed, and the record has the facts.
#define RECORDED(size_, align_, request_)                                                          \
    ensures \result == \null ==>                                                                   \
        fba->failure.size == size_ && fba->failure.align == align_                                 \
        && fba->failure.lower == \old(fba->lower.edge)                                             \
        && fba->failure.upper == \old(fba->upper.edge) && fba->failure.request == request_;        \
    ensures \result == \null && \old(fba->failure.count) < SIZE_MAX ==>                            \
        fba->failure.count == \old(fba->failure.count) + 1;
#define FAILED(size, align, request)                                                               \
    ensures \result == \null ==> same{Pre, Post}(fba);                                             \
    RECORDED(size, align, request)                                                                 \
    ensures \result == \null ==> recorded(fba);

// A block that was to have another size: in place, or not at all.
#define RESIZED                                                                                    \
    ensures \result == FBA_OK <==>                                                                 \
        (new_size <= old_size                                                                      \
             ? inside{Pre}(fba, address(block), old_size)                                          \
             : last_block{Pre}(fba, address(block), old_size)                                      \
                   && address(block) + new_size <= \old(fba->upper.edge));                         \
    ensures \result == FBA_OK && last_block{Pre}(fba, address(block), old_size) ==>                \
        fba->lower.edge == address(block) + new_size - 1 && nothing_forgotten{Pre, Post}(fba);     \
    ensures \result != FBA_OK || !last_block{Pre}(fba, address(block), old_size) ==>               \
        same{Pre, Post}(fba);                                                                      \
    ensures \result != FBA_OK ==>                                                                  \
        not_resized{Pre}(fba, address(block), address(block) + old_size, \result);
/*@ predicate not_resized{L}(struct fba *f, integer start, integer beyond, integer r) =
      start == 0 ? r == FBA_FOREIGN
      : last_block(f, start, beyond - start) ? r == FBA_EXHAUSTED : lower_block(f, start, beyond, r);
*/

// A mark was to be opened, or closed.
#define OPENED(own, other)                                                                         \
    ensures status_of(fba, \result);                                                               \
    ensures \result == FBA_OK ==> opened{Pre, Post}(fba, mark, &fba->own, &fba->other);            \
    ensures \result != FBA_OK ==> same{Pre, Post}(fba) && mark->end == \null;
#define CLOSED(rewound)                                                                            \
    ensures \result == FBA_OK <==> innermost{Pre}(fba, mark);                                      \
    ensures \result == FBA_OK ==> mark->depth == 0;                                                \
    ensures \result == FBA_OK ==>                                                                  \
        closed{Pre, Post}(fba, mark, &fba->lower, &fba->upper, rewound);                           \
    ensures \result == FBA_OK ==>                                                                  \
        closed{Pre, Post}(fba, mark, &fba->upper, &fba->lower, rewound);                           \
    ensures \result != FBA_OK ==> same{Pre, Post}(fba) && mark->depth == \old(mark->depth);        \
    ensures named{Pre}(fba, mark, \result);

// A block was to be given back.
#define FREED                                                                                      \
    ensures last_block{Pre}(fba, address(block), size) ==>                                         \
        \result == FBA_OK && fba->lower.edge == address(block) - 1                                 \
        && nothing_forgotten{Pre, Post}(fba);                                                      \
    ensures !last_block{Pre}(fba, address(block), size) ==> same{Pre, Post}(fba);                  \
    ensures !last_block{Pre}(fba, address(block), size) ==>                                        \
        lower_block{Pre}(fba, address(block), address(block) + size, \result);

// ── Small parts of fba.c ────────────────────────────────────────────────────────────────────────

#ifdef PROOF_OF_CORE

/*@ requires \valid(fba); assigns \nothing; ensures \result == \null; */
static void *call_hook(struct fba *fba);

/*@ requires \valid(fba);
    assigns fba->failure;
    ensures \result == \null;
    ensures fba->failure.caller == caller;
    RECORDED(size, align, request)
*/
static void *fail(struct fba *fba, size_t size, size_t align, const void *caller,
                  enum fba_request request);

/*@ requires \valid_read(fba) && invariant(fba) && proof_cleared_from == proof_cleared_to;
    requires 0 < fba->lower.edge + 1 - size && fba->lower.edge < UINTPTR_MAX;
    assigns proof_cleared_from, proof_cleared_to;
    ensures address(\result) == fba->lower.edge + 1 - size;
    ensures cleared(fba->lower.edge + 1 - size, size, fba->lower.watermark, fba->upper.watermark);
*/
static void *clear(const struct fba *fba, size_t size);

/*@ requires \valid_read(fba) && invariant(fba) && fba->state != FBA_STATE_OPEN;
    assigns \nothing;
    ensures closed_block(fba, start, \result);
    ensures \result != FBA_OK;
*/
static enum fba_status find_closed(const struct fba *fba, uintptr_t start);

/*@ requires \valid_read(fba) && invariant(fba);
    requires end == &fba->lower || end == &fba->upper;
    assigns \nothing;
    ensures end == &fba->lower ==>
        lower_block(fba, (uintptr_t)(before + 1), behind(before, last), \result);
    ensures end == &fba->upper ==>
        upper_block(fba, (uintptr_t)(before + 1), behind(before, last), \result);
*/
static enum fba_status find(const struct fba *fba, uintptr_t before, uintptr_t last,
                            const struct fba_end *end);

/*@ requires \valid_read(fba) && invariant(fba);
    requires fba->lower.bound <= before <= last;
    requires last != fba->lower.edge || fba->state != FBA_STATE_OPEN;
    assigns \nothing;
    ensures lower_block(fba, (uintptr_t)(before + 1), last + 1, \result);
*/
static enum fba_status not_last(const struct fba *fba, uintptr_t before, uintptr_t last);

/*@ requires \valid(fba) && invariant(fba);
    requires fba->lower.bound <= before <= last;
    assigns LOWER_END_MOVES(fba);
    ensures invariant(fba);
    ensures \old(fba->state) == FBA_STATE_OPEN && last == \old(fba->lower.edge) ==>
        \result == FBA_OK && fba->lower.edge == before && nothing_forgotten{Pre, Post}(fba);
    ensures \old(fba->state) != FBA_STATE_OPEN || last != \old(fba->lower.edge) ==>
        same{Pre, Post}(fba)
        && lower_block{Pre}(fba, (uintptr_t)(before + 1), last + 1, \result);
*/
static enum fba_status free_at_peak(struct fba *fba, uintptr_t before, uintptr_t last);

/*@ requires \valid_read(fba) && invariant(fba);
    requires before != UINTPTR_MAX && fba->state == FBA_STATE_OPEN && fba->lower.bound <= before
        && before + (uintptr_t)(last - before) == fba->lower.edge && last == fba->lower.edge ==>
        (uintptr_t)(last - before) < new_size && fba->upper.edge <= before + new_size;
    requires 0 <= (uintptr_t)(last - before) <= SIZE_MAX && last == (uintptr_t)(before + (uintptr_t)(last - before));
    assigns \nothing;
    ensures \result == FBA_OK <==> new_size <= (uintptr_t)(last - before) && before != UINTPTR_MAX
        && inside(fba, before + 1, (uintptr_t)(last - before));
    ensures \result != FBA_OK ==>
        not_resized(fba, (uintptr_t)(before + 1), (uintptr_t)(before + 1) + (uintptr_t)(last - before), \result);
*/
static enum fba_status resize_slowly(const struct fba *fba, uintptr_t before, uintptr_t last,
                                     size_t new_size);

/*@ requires \valid(fba) && invariant(fba);
    assigns fba->failure;
    ensures \result == \null;
    ensures fba->failure.caller == caller;
    RECORDED(size, (size_t)(mask + 1), FBA_REQUEST_SCRATCH)
*/
static void *fail_scratch(struct fba *fba, size_t size, size_t mask, const void *caller);

/*@ assigns \nothing;
    ensures \result <= address;
    ensures align == 0 ==> \result == 0;
    ensures power_of_two(align) ==> \result % align == 0;
    ensures power_of_two(align) ==>
        \forall integer p; 0 <= p <= address && p % align == 0 ==> p <= \result;
    ensures power_of_two(align) ==> \forall integer lower, upper, size;
        0 <= lower && 0 <= size && upper == address + size ==>
        (fits(lower, upper, size, align) <==> lower < \result);
*/
static inline uintptr_t round_down(uintptr_t address, size_t align);

/*@ requires \valid(fba) && invariant(fba);
    assigns fba->upper.edge, fba->fast_free_limit;
    ensures invariant(fba);
    ensures \result != 0 <==> can_alloc{Pre}(fba, size, align);
    ensures \result != 0 ==>
        place(\old(fba->lower.edge), \old(fba->upper.edge), size, align, \result);
    ensures \result != 0 ==> \forall integer p;
        place(\old(fba->lower.edge), \old(fba->upper.edge), size, align, p) ==> p <= \result;
    ensures \result != 0 ==> fba->upper.edge == \result;
    ensures \result != 0 ==> newly_taken{Pre, Post}(fba, \result, size);
    ensures \result != 0 ==> nothing_forgotten{Pre, Post}(fba);
    ensures \result == 0 ==> same{Pre, Post}(fba);
*/
static inline uintptr_t take_scratch(struct fba *fba, size_t size, size_t align);

/*@ requires \valid(fba) && invariant(fba) && \valid(mark) && \separated(fba, mark);
    requires end == &fba->lower || end == &fba->upper;
    requires end->depth < SIZE_MAX;
    assigns *mark, end->bound, end->depth;
    ensures invariant(fba);
    ensures status_of(fba, \result);
    ensures \result == FBA_OK && end == &fba->lower ==>
        opened{Pre, Post}(fba, mark, &fba->lower, &fba->upper);
    ensures \result == FBA_OK && end == &fba->upper ==>
        opened{Pre, Post}(fba, mark, &fba->upper, &fba->lower);
    ensures \result != FBA_OK ==> same{Pre, Post}(fba) && mark->end == \null;
*/
static enum fba_status open_mark(struct fba *fba, struct fba_mark *mark, struct fba_end *end);

/*@ requires \valid_read(fba) && invariant(fba) && \valid_read(mark);
    requires !innermost(fba, mark);
    assigns \nothing;
    ensures \result != FBA_OK && named(fba, mark, \result);
*/
static enum fba_status find_mark(const struct fba *fba, const struct fba_mark *mark);

/*@ requires \valid(fba) && invariant(fba);
    requires \valid(mark) && \separated(fba, mark) && mark_intact(fba, mark);
    assigns mark->depth, LOWER_END_MOVES(fba), fba->upper.edge, fba->upper.watermark,
            BOUNDS_CHANGE(fba);
    ensures invariant(fba);
    CLOSED(1)
*/
static enum fba_status rewind_slowly(struct fba *fba, struct fba_mark *mark);

#endif

// ── fba.h, in its order ─────────────────────────────────────────────────────────────────────────

/*@ requires \valid(fba);
    assigns *fba;
    ensures invariant(fba);
    ensures \result == FBA_OK || \result == FBA_BAD_BUFFER;
    ensures \result == FBA_OK <==> buffer != \null && address(buffer) + size <= highest_end;
    ensures \result == FBA_OK ==> fresh(fba, address(buffer), size)
        && fba->lower.watermark == fba->base - 1;
    ensures \result != FBA_OK ==> not_ready(fba);
*/
enum fba_status fba_init_zeroed(struct fba *fba, void *buffer, size_t size);

/*@ requires \valid(fba);
    assigns *fba;
    ensures invariant(fba);
    ensures \result == FBA_OK || \result == FBA_BAD_BUFFER;
    ensures \result == FBA_OK <==> buffer != \null && address(buffer) + size <= highest_end;
    ensures \result == FBA_OK ==> fresh(fba, address(buffer), size)
        && fba->lower.watermark == fba->end;
    ensures \result != FBA_OK ==> not_ready(fba);
*/
enum fba_status fba_init(struct fba *fba, void *buffer, size_t size);

/*@ requires \valid(fba) && invariant(fba);
    assigns fba->lower.edge, fba->failure;
    ensures invariant(fba);
    SERVED(size, align)
    FAILED(size, align, FBA_REQUEST_ALLOC)
*/
void *fba_alloc(struct fba *fba, size_t size, size_t align);

/*@ requires \valid(fba) && invariant(fba);
    assigns fba->lower.edge, fba->failure;
    ensures invariant(fba);
    SERVED(size, align)
    FAILED(size, align, FBA_REQUEST_ALLOC)
    ensures \result == \null ==> fba->failure.caller == caller;
*/
void *fba_alloc_by(struct fba *fba, size_t size, size_t align, const void *caller);

/*@ requires \valid(fba) && invariant(fba) && proof_cleared_from == proof_cleared_to;
    assigns fba->lower.edge, fba->failure, proof_cleared_from, proof_cleared_to;
    ensures invariant(fba);
    SERVED(size, align)
    ensures \result != \null ==> cleared(address(\result), size, highest_handed_out{Pre}(fba),
                                         lowest_scratch{Pre}(fba));
    FAILED(size, align, FBA_REQUEST_ZEROED)
*/
void *fba_alloc_zeroed(struct fba *fba, size_t size, size_t align);

/*@ requires \valid(fba) && invariant(fba) && is_address(block);
    assigns LOWER_END_MOVES(fba);
    ensures invariant(fba);
    FREED
*/
enum fba_status fba_free(struct fba *fba, void *block, size_t size);

/*@ requires \valid(fba) && invariant(fba) && is_address(block);
    assigns LOWER_END_MOVES(fba);
    ensures invariant(fba);
    RESIZED
*/
enum fba_status fba_resize(struct fba *fba, void *block, size_t old_size, size_t new_size);

/*@ requires \valid(fba) && invariant(fba);
    assigns fba->upper.edge, fba->fast_free_limit, fba->failure;
    ensures invariant(fba);
    SERVED_SCRATCH(size, align)
    FAILED(size, align, FBA_REQUEST_SCRATCH)
*/
void *fba_scratch_alloc(struct fba *fba, size_t size, size_t align);

/*@ requires \valid(fba) && invariant(fba);
    assigns fba->upper.edge, fba->fast_free_limit, fba->failure;
    ensures invariant(fba);
    SERVED_SCRATCH(size, align)
    FAILED(size, align, FBA_REQUEST_SCRATCH)
    ensures \result == \null ==> fba->failure.caller == caller;
*/
void *fba_scratch_alloc_by(struct fba *fba, size_t size, size_t align, const void *caller);

/*@ requires \valid(fba) && invariant(fba) && is_address(block);
    assigns fba->upper.edge, fba->upper.watermark, fba->least_gap;
    ensures invariant(fba);
    ensures last_scratch{Pre}(fba, address(block), size) ==>
        \result == FBA_OK && fba->upper.edge == address(block) + size
        && nothing_forgotten{Pre, Post}(fba);
    ensures !last_scratch{Pre}(fba, address(block), size) ==> same{Pre, Post}(fba);
    ensures !last_scratch{Pre}(fba, address(block), size) ==>
        upper_block{Pre}(fba, address(block), address(block) + size, \result);
*/
enum fba_status fba_scratch_free(struct fba *fba, void *block, size_t size);

/*@ requires \valid(fba) && invariant(fba) && fba->lower.depth < SIZE_MAX;
    requires \valid(mark) && \separated(fba, mark);
    assigns *mark, fba->lower.bound, fba->lower.depth;
    ensures invariant(fba);
    OPENED(lower, upper)
*/
enum fba_status fba_mark(struct fba *fba, struct fba_mark *mark);

/*@ requires \valid(fba) && invariant(fba) && fba->upper.depth < SIZE_MAX;
    requires \valid(mark) && \separated(fba, mark);
    assigns *mark, fba->upper.bound, fba->upper.depth;
    ensures invariant(fba);
    OPENED(upper, lower)
*/
enum fba_status fba_scratch_mark(struct fba *fba, struct fba_mark *mark);

/*@ requires \valid(fba) && invariant(fba);
    requires \valid(mark) && \separated(fba, mark) && mark_intact(fba, mark);
    assigns mark->depth, LOWER_END_MOVES(fba), fba->upper.edge, fba->upper.watermark,
            BOUNDS_CHANGE(fba);
    ensures invariant(fba);
    CLOSED(1)
*/
enum fba_status fba_rewind(struct fba *fba, struct fba_mark *mark);

/*@ requires \valid(fba) && invariant(fba);
    requires \valid(mark) && \separated(fba, mark) && mark_intact(fba, mark);
    assigns mark->depth, BOUNDS_CHANGE(fba);
    ensures invariant(fba);
    CLOSED(0)
*/
enum fba_status fba_keep(struct fba *fba, struct fba_mark *mark);

/*@ requires \valid(fba) && invariant(fba);
    assigns LOWER_END_MOVES(fba), fba->upper.edge, fba->upper.watermark, BOUNDS_CHANGE(fba),
            fba->reset_depth;
    ensures invariant(fba);
    ensures status_of(fba, \result);
    ensures \result == FBA_OK ==>
        fba->lower.edge == fba->adopted && fba->upper.edge == fba->end && no_marks(fba)
        && nothing_forgotten{Pre, Post}(fba);
    ensures \result == FBA_OK ==>
        \old(fba->lower.depth) <= fba->reset_depth && \old(fba->upper.depth) <= fba->reset_depth;
    ensures \result != FBA_OK ==> same{Pre, Post}(fba);
*/
enum fba_status fba_reset(struct fba *fba);

/*@ requires \valid_read(fba) && invariant(fba);
    assigns \nothing;
    ensures status_of(fba, \result); */
enum fba_status fba_status(const struct fba *fba);

/*@ requires \valid(fba) && invariant(fba);
    assigns fba->hook, fba->hook_context;
    ensures invariant(fba) && fba->hook == hook && fba->hook_context == context; */
void fba_set_failure_hook(struct fba *fba, fba_failure_hook hook, void *context);

/*@ assigns \nothing; */
const char *fba_status_name(enum fba_status status);

/*@ assigns \nothing;
    ensures edge <= \result;
    ensures align == 0 ==> \result == UINTPTR_MAX;
    ensures power_of_two(align) ==> (\result + 1) % align == 0;
    ensures power_of_two(align) ==>
        \forall integer p; edge < p && p % align == 0 ==> \result < p;
    ensures power_of_two(align) ==> \forall integer upper, size;
        0 <= size ==> (fits(edge, upper, size, align) <==> \result + 1 + size <= upper);
    ensures power_of_two(align) && align <= 4096 && edge < highest_end ==> \result < highest_end;
*/
static inline uintptr_t fba_byte_before_(uintptr_t edge, size_t align);

/*@ assigns \nothing; ensures align != 0 ==> (\result <==> !power_of_two(align)); */
static inline bool fba_has_several_bits_(size_t align);

/*@ assigns \nothing; ensures \result <==> upper <= before + size; */
static inline bool fba_reaches_(size_t size, uintptr_t before, uintptr_t upper);

/*@ requires before < UINTPTR_MAX;
    assigns \nothing;
    ensures address(\result) == before + 1; */
static inline void *fba_block_(uintptr_t before);

/*@ requires \valid(fba) && invariant(fba);
    assigns fba->lower.edge;
    ensures invariant(fba);
    SERVED(size, align)
    ensures \result == \null ==> same{Pre, Post}(fba);
*/
static inline void *fba_take_(struct fba *fba, size_t size, size_t align);

/*@ requires \valid(fba) && open(fba);
    assigns fba->least_gap;
    ensures fba->least_gap == true_gap{Pre}(fba);
*/
static inline void fba_note_peak_(struct fba *fba);

/*@ requires \valid_read(fba) && \valid_read(mark);
    requires end == &fba->lower || end == &fba->upper;
    assigns \nothing;
    ensures \result <==> innermost_of(fba, mark, end);
*/
static inline bool fba_is_innermost_(const struct fba *fba, const struct fba_mark *mark,
                                      const struct fba_end *end);

/*@ requires \valid(end) && \valid(mark) && \separated(end, mark) && end->depth > 0;
    assigns end->bound, end->depth, mark->depth;
    ensures \result == FBA_OK && mark->depth == 0;
    ensures end->bound == mark->outer_bound && end->depth == \old(end->depth) - 1;
*/
static inline enum fba_status fba_close_mark_(struct fba_end *end, struct fba_mark *mark);

// ── fba_inline.h, in its order ──────────────────────────────────────────────────────────────────

/*@ requires \valid_read(fba) && invariant(fba);
    assigns \nothing;
    ensures fba->state == FBA_STATE_OPEN ==>
        (\result <==> last == fba->lower.edge && size <= last - fba->lower.bound);
    ensures \result ==> last == fba->lower.edge; */
static inline bool fba_is_last_(const struct fba *fba, uintptr_t last, size_t size);

/*@ requires \valid(fba) && invariant(fba);
    assigns fba->lower.edge, fba->failure;
    ensures invariant(fba);
    SERVED(size, align)
    FAILED(size, align, FBA_REQUEST_ALLOC)
*/
static inline void *fba_alloc_inline(struct fba *fba, size_t size, size_t align);

/*@ requires \valid(fba) && invariant(fba) && is_address(block);
    assigns LOWER_END_MOVES(fba);
    ensures invariant(fba);
    FREED
*/
static inline enum fba_status fba_free_inline(struct fba *fba, void *block, size_t size);

/*@ requires \valid(fba) && invariant(fba) && is_address(block);
    assigns LOWER_END_MOVES(fba);
    ensures invariant(fba);
    RESIZED
*/
static inline enum fba_status fba_resize_inline(struct fba *fba, void *block, size_t old_size,
                                                size_t new_size);

/*@ requires \valid(fba) && invariant(fba) && fba->lower.depth < SIZE_MAX;
    requires \valid(mark) && \separated(fba, mark);
    assigns *mark, fba->lower.bound, fba->lower.depth;
    ensures invariant(fba);
    OPENED(lower, upper)
*/
static inline enum fba_status fba_mark_inline(struct fba *fba, struct fba_mark *mark);

/*@ requires \valid(fba) && invariant(fba);
    requires \valid(mark) && \separated(fba, mark) && mark_intact(fba, mark);
    assigns mark->depth, LOWER_END_MOVES(fba), fba->upper.edge, fba->upper.watermark,
            BOUNDS_CHANGE(fba);
    ensures invariant(fba);
    CLOSED(1)
*/
static inline enum fba_status fba_rewind_inline(struct fba *fba, struct fba_mark *mark);

/*@ requires \valid(fba) && invariant(fba) && is_address(block);
    assigns LOWER_END_MOVES(fba);
    ensures invariant(fba);
    ensures \result == \null || \result == block;
    ensures block != \null ==> (\result != \null <==>
        (new_size <= old_size
             ? inside{Pre}(fba, address(block), old_size)
             : last_block{Pre}(fba, address(block), old_size)
                   && address(block) + new_size <= \old(fba->upper.edge)));
    ensures \result != \null && last_block{Pre}(fba, address(block), old_size) ==>
        fba->lower.edge == address(block) + new_size - 1 && nothing_forgotten{Pre, Post}(fba);
    ensures \result == \null || !last_block{Pre}(fba, address(block), old_size) ==>
        same{Pre, Post}(fba);
*/
static inline void *fba_remap(struct fba *fba, void *block, size_t old_size, size_t new_size);

/*@ requires \valid(fba) && invariant(fba) && is_address(block);
    assigns LOWER_END_MOVES(fba), fba->failure, proof_copied_from, proof_copied_to, proof_copied;
    ensures invariant(fba);
    ensures new_size == 0 ==> \result == \null;
    ensures new_size != 0 && \result != \null ==> address(\result) % align == 0;
    ensures \result != \null && \result != block && block != \null ==>
        proof_copied_from == address(block) && proof_copied_to == address(\result)
        && proof_copied == smaller(old_size, new_size);
    ensures \result != \null && \result != block ==>
        place(\old(fba->lower.edge), \old(fba->upper.edge), new_size, align, address(\result));
    ensures \result == \null && new_size != 0 ==> same{Pre, Post}(fba);
    ensures \result == \null ==> proof_copied == \old(proof_copied);
*/
static inline void *fba_realloc(struct fba *fba, void *block, size_t old_size, size_t new_size,
                                size_t align);

// count × size is computed as written here.
/*@ assigns \nothing; ensures \result == smaller(count * size, SIZE_MAX); */
static inline size_t fba_array_size(size_t count, size_t size);

/*@ requires \valid(fba) && invariant(fba);
    assigns fba->lower.edge, fba->failure;
    ensures invariant(fba);
    SERVED(count * size, align)
    FAILED(smaller(count * size, SIZE_MAX), align, FBA_REQUEST_ALLOC)
*/
static inline void *fba_alloc_array(struct fba *fba, size_t count, size_t size, size_t align);

/*@ requires \valid(fba) && invariant(fba) && proof_cleared_from == proof_cleared_to;
    assigns fba->lower.edge, fba->failure, proof_cleared_from, proof_cleared_to;
    ensures invariant(fba);
    SERVED(count * size, align)
    ensures \result != \null ==> cleared(address(\result), count * size,
                                         highest_handed_out{Pre}(fba), lowest_scratch{Pre}(fba));
    FAILED(smaller(count * size, SIZE_MAX), align, FBA_REQUEST_ZEROED)
*/
static inline void *fba_alloc_array_zeroed(struct fba *fba, size_t count, size_t size,
                                           size_t align);

/*@ requires \valid(fba) && invariant(fba) && fba->lower.depth < SIZE_MAX;
    assigns fba->lower.bound, fba->lower.depth;
    ensures invariant(fba);
    ensures \result.fba == fba;
    ensures fba->state == FBA_STATE_OPEN ==>
        \result.mark.end == &fba->lower && \result.mark.depth == fba->lower.depth
        && \result.mark.outer_bound == \old(fba->lower.bound)
        && fba->lower.depth == \old(fba->lower.depth) + 1 && fba->lower.bound == fba->lower.edge;
    ensures fba->state != FBA_STATE_OPEN ==> same{Pre, Post}(fba) && \result.mark.end == \null;
*/
static inline struct fba_scope_ fba_scope_open_(struct fba *fba);

/*@ requires \valid(scope) && \valid(scope->fba) && invariant(scope->fba);
    requires \separated(scope->fba, scope) && mark_intact(scope->fba, &scope->mark);
    assigns scope->mark.depth, LOWER_END_MOVES(scope->fba), scope->fba->upper.edge,
            scope->fba->upper.watermark, BOUNDS_CHANGE(scope->fba);
    ensures invariant(scope->fba);
    ensures innermost_of{Pre}(scope->fba, &scope->mark, &scope->fba->lower) ==>
        closed{Pre, Post}(scope->fba, &scope->mark, &scope->fba->lower, &scope->fba->upper, 1);
*/
static inline void fba_scope_close_(struct fba_scope_ *scope);

// ── fba_account.h, in its order ─────────────────────────────────────────────────────────────────

/*@ requires \valid_read(fba) && invariant(fba);
    assigns \nothing; ensures \result == fba->end - fba->base; */
static inline size_t fba_capacity(const struct fba *fba);

/*@ requires \valid_read(fba) && invariant(fba);
    assigns \nothing;
    ensures \result == (fba->base == 0 ? 0 : fba->lower.edge + 1 - fba->base); */
static inline size_t fba_used(const struct fba *fba);

/*@ requires \valid_read(fba) && invariant(fba);
    assigns \nothing;
    ensures \result == (fba->state == FBA_STATE_OPEN ? fba->end - fba->upper.edge : 0); */
static inline size_t fba_scratch_used(const struct fba *fba);

/*@ requires \valid_read(fba) && invariant(fba);
    assigns \nothing;
    ensures fba->state == FBA_STATE_OPEN ==>
        \result == true_peak(fba) && bytes_taken(fba) <= \result <= fba->end - fba->base;
    ensures fba->state == FBA_STATE_SEALED ==> \result == fba->end - fba->base + 1 - fba->least_gap;
    ensures fba->base == 0 ==> \result == 0; */
static inline size_t fba_peak(const struct fba *fba);

/*@ requires \valid_read(fba) && invariant(fba);
    assigns \nothing;
    ensures \result <==>
        fba->base != 0
        && fba->base <= address((void *)block) && address((void *)block) + size <= fba->end
        && (fba->state == FBA_STATE_SEALED ==>
                address((void *)block) >= fba->upper.bound
                || (address((void *)block) <= fba->lower.bound
                    && address((void *)block) + size <= fba->lower.bound + 1));
*/
static inline bool fba_owns_range(const struct fba *fba, const void *block, size_t size);

/*@ requires \valid_read(fba) && invariant(fba);
    assigns \nothing;
    ensures \result <==>
        fba->base != 0 && fba->base <= address((void *)block) < fba->end
        && (fba->state == FBA_STATE_SEALED ==>
                address((void *)block) >= fba->upper.bound
                || address((void *)block) <= fba->lower.bound);
*/
static inline bool fba_owns(const struct fba *fba, const void *block);

/*@ assigns \nothing; ensures most_available(lower, upper, align, \result); */
static inline size_t fba_room_(uintptr_t lower, uintptr_t upper, size_t align);

/*@ requires \valid_read(fba) && invariant(fba);
    assigns \nothing;
    ensures most_available(fba->lower.edge, fba->upper.edge, align, \result);
    ensures fba->state != FBA_STATE_OPEN ==> \result == 0; */
static inline size_t fba_available(const struct fba *fba, size_t align);

/*@ requires \valid_read(fba) && invariant(fba) && recorded(fba);
    assigns \nothing;
    ensures fba->failure.count == 0 ==> \result.reason == FBA_OK;
    ensures fba->failure.count == 0 || fba->failure.lower == fba->failure.upper ==>
        \result.available == 0 && \result.shortfall == 0;
    ensures fba->failure.count != 0 ==>
        reason(fba, fba->failure.lower, fba->failure.upper, fba->failure.size, fba->failure.align,
               \result.reason);
    ensures fba->failure.count != 0 && fba->failure.lower < fba->failure.upper ==>
        most_available(fba->failure.lower, fba->failure.upper, fba->failure.align,
                       \result.available);
    ensures fba->failure.count != 0 ==>
        shortfall(fba->failure.lower, fba->failure.upper, fba->failure.size, fba->failure.align,
                  \result.shortfall);
*/
static inline struct fba_explanation fba_explain(const struct fba *fba);

#endif
