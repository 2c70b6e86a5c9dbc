// SPDX-License-Identifier: MIT
// What the contracts of boot/cmdline.c and of its users say of words and literals.
// It is laid out by hand, because a formatter would fold the contracts.
// clang-format off
#ifndef TESTS_PROOF_PARSERS_CMDLINE_H
#define TESTS_PROOF_PARSERS_CMDLINE_H

#include "boot/cmdline.h"

/*@
  predicate text{L}(char *bytes, integer length) =
      0 <= length <= SIZE_MAX && \valid_read(bytes + (0 .. length - 1));
  predicate word{L}(struct cmdline_word w) = text(w.text, w.length);
  predicate string{L}(char *s, integer length) = \valid_read(s + (0 .. length)) && s[length] == 0;
  // A NUL-terminated string of at most 16 characters. The cases are for the solvers.
  predicate literal{L}(char *s) =
      string(s, 0) || string(s, 1) || string(s, 2) || string(s, 3) || string(s, 4) || string(s, 5)
      || string(s, 6) || string(s, 7) || string(s, 8) || string(s, 9) || string(s, 10)
      || string(s, 11) || string(s, 12) || string(s, 13) || string(s, 14) || string(s, 15)
      || string(s, 16);
*/

#endif
