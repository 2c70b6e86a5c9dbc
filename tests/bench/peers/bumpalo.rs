// SPDX-License-Identifier: MIT
// bumpalo as a peer of the bench: see peer.h for the table. Its one chunk is BENCH_BUFFER large and
// a limit keeps it from asking for another, so that it fails as a fixed buffer does. Freeing and
// growing are reached through its implementation of `Allocator`, which is not stable Rust yet.
#![feature(allocator_api)]

use bumpalo::collections::Vec;
use bumpalo::Bump;
use std::alloc::{Allocator, Layout};
use std::arch::asm;
use std::os::raw::{c_char, c_void};
use std::ptr::{null, null_mut, NonNull};

const BUFFER: usize = 1 << 20; // BENCH_BUFFER
const SIZE: usize = 16; // BENCH_SIZE
const ALIGN: usize = 16; // BENCH_ALIGN
const PATTERN_ALIGN: usize = 8; // BENCH_PATTERN_ALIGN
const KEPT: usize = 32; // BENCH_KEPT
const TEMPORARY: usize = 64; // BENCH_TEMPORARY
const DEPTH: usize = 64; // BENCH_DEPTH
const LISTS: usize = 4; // BENCH_LISTS

#[repr(C)]
pub struct Form {
    peer: *const c_char,
    form: *const c_char,
    align_is_log2: usize,
    fixed_align: usize,
    frees_each: usize,
    unlimited: usize,
    flat_savepoints: usize,
    operations_only: usize,
    resizes_to_zero: usize,
    open: *const c_void,
    open_fresh: *const c_void,
    alloc: *const c_void,
    alloc_or_fail: *const c_void,
    alloc_zeroed: *const c_void,
    free: *const c_void,
    resize: *const c_void,
    mark: *const c_void,
    rewind: *const c_void,
    list: *const c_void,
    push: *const c_void,
    items: *const c_void,
    inline_alloc: *const c_void,
    inline_alloc_loop: *const c_void,
    inline_pair: *const c_void,
    inline_pair_loop: *const c_void,
    inline_resize: *const c_void,
    inline_resize_loop: *const c_void,
    inline_deep_loop: *const c_void,
    inline_frame_loop: *const c_void,
    inline_temporary_loop: *const c_void,
    inline_three_loop: *const c_void,
}
unsafe impl Sync for Form {}

const NONE: Form = Form {
    peer: null(),
    form: null(),
    align_is_log2: 0,
    fixed_align: 0,
    frees_each: 0,
    unlimited: 0,
    flat_savepoints: 0,
    operations_only: 0,
    resizes_to_zero: 0,
    open: null(),
    open_fresh: null(),
    alloc: null(),
    alloc_or_fail: null(),
    alloc_zeroed: null(),
    free: null(),
    resize: null(),
    mark: null(),
    rewind: null(),
    list: null(),
    push: null(),
    items: null(),
    inline_alloc: null(),
    inline_alloc_loop: null(),
    inline_pair: null(),
    inline_pair_loop: null(),
    inline_resize: null(),
    inline_resize_loop: null(),
    inline_deep_loop: null(),
    inline_frame_loop: null(),
    inline_temporary_loop: null(),
    inline_three_loop: null(),
};

static mut BUMP: Option<Bump> = None;
static mut NUMBERS: [Option<Vec<'static, u64>>; LISTS] = [None, None, None, None];

#[inline(always)]
fn escape(block: *mut u8) {
    unsafe { asm!("/* {0} */", in(reg) block, options(nostack, preserves_flags)) }
}

#[inline(always)]
fn layout(size: usize, align: usize) -> Layout {
    unsafe { Layout::from_size_align_unchecked(size, align) }
}

#[inline(always)]
fn take(bump: &Bump, layout: Layout) -> *mut u8 {
    bump.try_alloc_layout(layout).map_or(null_mut(), |block| block.as_ptr())
}

unsafe extern "C" fn open() -> *const Bump {
    NUMBERS = [None, None, None, None];
    let bump = BUMP.get_or_insert_with(|| Bump::with_capacity(BUFFER));
    bump.reset();
    // What it counts as allocated is not the same before and after a reset.
    bump.set_allocation_limit(Some(bump.allocated_bytes()));
    bump
}

#[no_mangle]
unsafe extern "C" fn bumpalo_alloc(bump: &Bump, size: usize, align: usize) -> *mut u8 {
    take(bump, layout(size, align))
}

#[no_mangle]
unsafe extern "C" fn bumpalo_alloc_zeroed(bump: &Bump, size: usize, align: usize) -> *mut u8 {
    let block = take(bump, layout(size, align));
    if !block.is_null() {
        block.write_bytes(0, size);
    }
    block
}

#[no_mangle]
unsafe extern "C" fn bumpalo_free(bump: &Bump, block: *mut u8, size: usize, align: usize) {
    bump.deallocate(NonNull::new_unchecked(block), layout(size, align))
}

#[no_mangle]
unsafe extern "C" fn bumpalo_push(list: &mut Vec<'static, u64>, number: &u64) {
    list.push(*number)
}

unsafe extern "C" fn open_list(bump: &'static Bump, index: usize) -> *mut Vec<'static, u64> {
    NUMBERS[index] = Some(Vec::new_in(bump));
    NUMBERS[index].as_mut().unwrap()
}

unsafe extern "C" fn items(list: &Vec<'static, u64>) -> *const u64 {
    list.as_ptr()
}

// Without a checkpoint, a request begins with an empty arena.
#[no_mangle]
unsafe extern "C" fn bumpalo_mark(_bump: &mut Bump, _savepoint: *mut c_void) {}

#[no_mangle]
unsafe extern "C" fn bumpalo_rewind(bump: &mut Bump, _savepoint: *mut c_void) {
    bump.reset();
}

#[no_mangle]
unsafe extern "C" fn bumpalo_alloc_in(bump: &Bump) -> *mut u8 {
    take(bump, layout(SIZE, ALIGN))
}

#[no_mangle]
unsafe extern "C" fn bumpalo_alloc_in_loop(bump: &Bump, count: usize) {
    for _ in 0..count {
        escape(take(bump, layout(SIZE, ALIGN)));
    }
}

#[inline(always)]
unsafe fn pair(bump: &Bump) {
    let block = take(bump, layout(SIZE, ALIGN));
    escape(block);
    if let Some(block) = NonNull::new(block) {
        bump.deallocate(block, layout(SIZE, ALIGN));
    }
}

#[no_mangle]
unsafe extern "C" fn bumpalo_pair_in(bump: &Bump) {
    pair(bump)
}

#[no_mangle]
unsafe extern "C" fn bumpalo_pair_in_loop(bump: &Bump, count: usize) {
    for _ in 0..count {
        pair(bump);
    }
}

// The patterns of peer.h

// A block that holds a number, and the compiler does not know that it does.
#[inline(always)]
unsafe fn holding(bump: &Bump, size: usize, number: u64) -> *mut u64 {
    let block = take(bump, layout(size, PATTERN_ALIGN)) as *mut u64;
    *block = number;
    escape(block as *mut u8);
    block
}

#[inline(always)]
unsafe fn give_back(bump: &Bump, block: *mut u64, size: usize) {
    bump.deallocate(NonNull::new_unchecked(block as *mut u8), layout(size, PATTERN_ALIGN));
}

#[no_mangle]
unsafe extern "C" fn bumpalo_deep_loop(bump: &Bump, blocks: *mut *mut u8, count: usize) {
    for _ in 0..count {
        for i in 0..DEPTH {
            *blocks.add(i) = take(bump, layout(SIZE, ALIGN));
        }
        for i in (0..DEPTH).rev() {
            bump.deallocate(NonNull::new_unchecked(*blocks.add(i)), layout(SIZE, ALIGN));
        }
    }
}

#[no_mangle]
unsafe extern "C" fn bumpalo_frame_loop(bump: &mut Bump, count: u64) -> u64 {
    let mut sum: u64 = 0;
    for i in 0..count {
        let a = holding(bump, 24, i);
        let b = holding(bump, 64, i + 1);
        let c = holding(bump, 40, i + 2);
        let d = holding(bump, 100, i + 3);
        sum = sum.wrapping_add(*a).wrapping_add(*b).wrapping_add(*c).wrapping_add(*d);
        bump.reset();
    }
    sum
}

#[no_mangle]
unsafe extern "C" fn bumpalo_temporary_loop(bump: &Bump, kept: *mut *mut u64, count: u64) -> u64 {
    let mut sum: u64 = 0;
    for i in 0..count {
        *kept.add(i as usize) = holding(bump, KEPT, i);
        let a = holding(bump, TEMPORARY, !i);
        sum = sum.wrapping_add(*a);
        give_back(bump, a, TEMPORARY);
    }
    sum
}

#[no_mangle]
unsafe extern "C" fn bumpalo_three_loop(bump: &Bump, kept: *mut *mut u64, count: u64) -> u64 {
    let mut sum: u64 = 0;
    for i in 0..count {
        *kept.add(i as usize) = holding(bump, KEPT, i);
        let a = holding(bump, TEMPORARY, !i);
        let b = holding(bump, TEMPORARY, (!i).wrapping_sub(1));
        let c = holding(bump, TEMPORARY, (!i).wrapping_sub(2));
        sum = sum.wrapping_add(*c);
        give_back(bump, c, TEMPORARY);
        sum = sum.wrapping_add(*b);
        give_back(bump, b, TEMPORARY);
        sum = sum.wrapping_add(*a);
        give_back(bump, a, TEMPORARY);
    }
    sum
}

const PEER: *const c_char = concat!("bumpalo ", env!("BUMPALO_VERSION"), "\0").as_ptr() as *const c_char;

#[no_mangle]
#[allow(non_upper_case_globals)]
pub static bench_forms: [Form; 3] = [
    Form {
        peer: PEER,
        form: "inlined\0".as_ptr() as *const c_char,
        open: open as *const c_void,
        inline_alloc: bumpalo_alloc_in as *const c_void,
        inline_alloc_loop: bumpalo_alloc_in_loop as *const c_void,
        inline_pair: bumpalo_pair_in as *const c_void,
        inline_pair_loop: bumpalo_pair_in_loop as *const c_void,
        inline_deep_loop: bumpalo_deep_loop as *const c_void,
        inline_frame_loop: bumpalo_frame_loop as *const c_void,
        inline_temporary_loop: bumpalo_temporary_loop as *const c_void,
        inline_three_loop: bumpalo_three_loop as *const c_void,
        ..NONE
    },
    Form {
        peer: PEER,
        form: "called\0".as_ptr() as *const c_char,
        open: open as *const c_void,
        alloc: bumpalo_alloc as *const c_void,
        alloc_zeroed: bumpalo_alloc_zeroed as *const c_void,
        free: bumpalo_free as *const c_void,
        list: open_list as *const c_void,
        flat_savepoints: 1,
        mark: bumpalo_mark as *const c_void,
        rewind: bumpalo_rewind as *const c_void,
        push: bumpalo_push as *const c_void,
        items: items as *const c_void,
        ..NONE
    },
    NONE,
];
