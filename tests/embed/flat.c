// SPDX-License-Identifier: MIT
// The first file of a flat kernel that is linked without a script, as compilers like to turn it
// round: main and a cold function want to stand before what is entered. test_unity.py looks where
// the linker puts it.
extern int status;
int status;

void entry(void);
int main(void);
__attribute__((cold, noinline)) void halt(void);

void entry(void)
{
    if (main() != 0)
        halt();
    for (;;)
        ;
}

void halt(void)
{
    for (;;)
        __asm__ volatile("hlt");
}

int main(void)
{
    return status;
}
