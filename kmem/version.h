// SPDX-License-Identifier: MIT
// version: which kmem/ this is. CHANGELOG.md says what each version changed, and what a version
// promises.
//
//     #if KMEM_VERSION < KMEM_VERSION_NUMBER(1, 2, 0)
//     #error "kmem/ 1.2.0 or later is needed"
//     #endif
#ifndef KMEM_VERSION_H
#define KMEM_VERSION_H

// The version that all files beside this one have.
#define KMEM_VERSION_MAJOR 1
#define KMEM_VERSION_MINOR 1
#define KMEM_VERSION_PATCH 0

// A version as a number that orders versions; minor and patch are below 1000.
#define KMEM_VERSION_NUMBER(major, minor, patch) ((major)*1000000L + (minor)*1000L + (patch))

// The same as one number, to compare with.
#define KMEM_VERSION KMEM_VERSION_NUMBER(KMEM_VERSION_MAJOR, KMEM_VERSION_MINOR, KMEM_VERSION_PATCH)

#endif
