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

#[repr(C)]
pub struct Form {
    peer: *const c_char,
    form: *const c_char,
    align_is_log2: usize,
    fixed_align: usize,
    frees_each: usize,
    open: *const c_void,
    alloc: *const c_void,
    alloc_or_fail: *const c_void,
    alloc_zeroed: *const c_void,
    free: *const c_void,
    grow: *const c_void,
    list: *const c_void,
    push: *const c_void,
    inline_alloc: *const c_void,
    inline_alloc_loop: *const c_void,
    inline_pair: *const c_void,
    inline_pair_loop: *const c_void,
    inline_grow: *const c_void,
    inline_grow_loop: *const c_void,
}
unsafe impl Sync for Form {}

const NONE: Form = Form {
    peer: null(),
    form: null(),
    align_is_log2: 0,
    fixed_align: 0,
    frees_each: 0,
    open: null(),
    alloc: null(),
    alloc_or_fail: null(),
    alloc_zeroed: null(),
    free: null(),
    grow: null(),
    list: null(),
    push: null(),
    inline_alloc: null(),
    inline_alloc_loop: null(),
    inline_pair: null(),
    inline_pair_loop: null(),
    inline_grow: null(),
    inline_grow_loop: null(),
};

static mut BUMP: Option<Bump> = None;
static mut LIST: Option<Vec<'static, u64>> = None;

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
    LIST = None;
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

unsafe extern "C" fn open_list(bump: &'static Bump) -> *mut Vec<'static, u64> {
    LIST = Some(Vec::new_in(bump));
    LIST.as_mut().unwrap()
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
        push: bumpalo_push as *const c_void,
        ..NONE
    },
    NONE,
];
