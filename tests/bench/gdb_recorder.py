# SPDX-License-Identifier: MIT
"""Runs inside gdb, attached to a machine that stands before its first instruction: writes a line for each
call of the kernel's ledger, until the early heap is sealed. record_boot.py starts it.

    alloc ADDRESS SIZE ALIGN
    resize ADDRESS SIZE          what it has now; a resize that failed has changed nothing
    free ADDRESS
"""

import gdb

LEDGER = "kmem/ledger.c"


def register(name: str) -> int:
    return int(gdb.parse_and_eval(f"(unsigned long)${name}"))


def place_of(function: str) -> int:
    """The address of the function's first instruction, where its arguments are still in registers."""
    symbol = gdb.parse_and_eval(f"&'{LEDGER}'::ledger_{function}") if function != "fba_seal" else gdb.parse_and_eval("&fba_seal")
    return int(symbol)


def result() -> int:
    """Goes on to where the function returns to, and reads what it returned."""
    back = int(gdb.parse_and_eval("*(unsigned long *)$rsp"))
    gdb.execute(f"tbreak *{back:#x}", to_string=True)
    gdb.execute("continue", to_string=True)
    return register("rax")


def record(write) -> None:
    places = {place_of(function): function for function in ("alloc", "resize", "free_block", "fba_seal")}
    for place in places:
        gdb.execute(f"break *{place:#x}", to_string=True)
    while True:
        gdb.execute("continue", to_string=True)
        function = places[register("rip")]
        first, second, third = register("rsi"), register("rdx"), register("rcx")
        if function == "alloc":
            write(f"alloc {result():x} {first} {second}\n")
        elif function == "resize":
            if result() & 0xFF:
                write(f"resize {first:x} {third}\n")
        elif function == "free_block":
            write(f"free {first:x}\n")
        else:
            return


with open("calls", "w", encoding="ascii") as calls:
    record(calls.write)
gdb.execute("kill")
