// SPDX-License-Identifier: MIT
// The sequence of pat.h. The numbers are those of the steps in SDM 3A 11.11.8.
#include "arch/x86_64/pat.h"

#include "arch/x86_64/cpu.h"

// Without self-snooping the caches are written back and emptied.
static void flush_caches(bool is_self_snooping)
{
    if (!is_self_snooping)
        cpu_wbinvd();
}

bool pat_program(void)
{
    const uint32_t features = cpu_cpuid(CPUID_FEATURES, 0).edx;
    const bool is_self_snooping = features & CPUID_FEATURES_EDX_SELF_SNOOP;
    const bool has_ranges = features & CPUID_FEATURES_EDX_MTRR;
    const uint64_t cr0 = cpu_read_cr0() & ~(CR0_CD | CR0_NW);
    const uint64_t cr4 = cpu_read_cr4();
    uint64_t ranges = 0;

    if (!(features & CPUID_FEATURES_EDX_PAT))
        return false;
    cpu_write_cr0(cr0 | CR0_CD);    // 4: no new lines in the caches
    flush_caches(is_self_snooping); // 5
    cpu_write_cr4(cr4 & ~CR4_PGE);  // 6: of the TLBs, if there are global translations
    cpu_write_cr3(cpu_read_cr3());  // 7: if there are none
    if (has_ranges) {               // 8
        ranges = cpu_rdmsr(MSR_IA32_MTRR_DEF_TYPE);
        cpu_wrmsr(MSR_IA32_MTRR_DEF_TYPE, ranges & ~MTRR_DEF_TYPE_ENABLE);
    }
    cpu_wrmsr(MSR_IA32_PAT, PAT_VALUE); // 9
    if (has_ranges)                     // 10
        cpu_wrmsr(MSR_IA32_MTRR_DEF_TYPE, ranges);
    flush_caches(is_self_snooping); // 11
    cpu_write_cr3(cpu_read_cr3());
    cpu_write_cr0(cr0); // 12
    cpu_write_cr4(cr4); // 13
    return true;
}
