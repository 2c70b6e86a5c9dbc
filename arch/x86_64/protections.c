// SPDX-License-Identifier: MIT
// CPUID leaf 7 (SDM 2A "CPUID") says what there is, CR4 (SDM 3A 2.5) switches it on.
#include "arch/x86_64/protections.h"

#include "arch/x86_64/cpu.h"

#define CPUID_STRUCTURED UINT32_C(7)
#define CPUID_STRUCTURED_EBX_SMEP (UINT32_C(1) << 7)
#define CPUID_STRUCTURED_EBX_SMAP (UINT32_C(1) << 20)
#define CPUID_STRUCTURED_ECX_UMIP (UINT32_C(1) << 2)
#define CR4_UMIP (UINT64_C(1) << 11)
#define CR4_SMEP (UINT64_C(1) << 20)
#define CR4_SMAP (UINT64_C(1) << 21)

struct protections protections_enable(void)
{
    struct cpu_cpuid features = {0};

    if (cpu_cpuid(0, 0).eax >= CPUID_STRUCTURED)
        features = cpu_cpuid(CPUID_STRUCTURED, 0);
    struct protections found = {
        .smep = features.ebx & CPUID_STRUCTURED_EBX_SMEP,
        .smap = features.ebx & CPUID_STRUCTURED_EBX_SMAP,
        .umip = features.ecx & CPUID_STRUCTURED_ECX_UMIP,
    };
    cpu_write_cr4(cpu_read_cr4() | (found.smep ? CR4_SMEP : 0) | (found.smap ? CR4_SMAP : 0) |
                  (found.umip ? CR4_UMIP : 0));
    return found;
}
