// SPDX-License-Identifier: MIT
// What the parsers call and do not define, as contracts. Frama-C reads this header before each source
// that parsers.py proves.
// It is laid out by hand, because a formatter would fold the contracts.
// clang-format off
#ifndef TESTS_PROOF_PARSERS_ENVIRONMENT_H
#define TESTS_PROOF_PARSERS_ENVIRONMENT_H

#include "kmem/writer.h"

/*@ terminates \true; assigns \nothing; */
void writer_print(const struct writer *writer, const char *format, ...);

#endif
