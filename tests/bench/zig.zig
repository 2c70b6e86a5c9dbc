// SPDX-License-Identifier: MIT
// Zig's std.heap.FixedBufferAllocator as a peer of the bench: see peer.h for the table.
const std = @import("std");
const builtin = @import("builtin");

const Fba = std.heap.FixedBufferAllocator;
const Allocator = std.mem.Allocator;
const Alignment = std.mem.Alignment;

const buffer_size = 1 << 20; // BENCH_BUFFER
const size_in = 16; // BENCH_SIZE
const align_in: Alignment = .@"16"; // BENCH_ALIGN

const Form = extern struct {
    peer: ?[*:0]const u8 = null,
    form: ?[*:0]const u8 = null,
    align_is_log2: usize = 1,
    fixed_align: usize = 0,
    frees_each: usize = 0,
    open: ?*const anyopaque = null,
    alloc: ?*const anyopaque = null,
    alloc_or_fail: ?*const anyopaque = null,
    alloc_zeroed: ?*const anyopaque = null,
    free: ?*const anyopaque = null,
    grow: ?*const anyopaque = null,
    list: ?*const anyopaque = null,
    push: ?*const anyopaque = null,
    inline_alloc: ?*const anyopaque = null,
    inline_alloc_loop: ?*const anyopaque = null,
    inline_pair: ?*const anyopaque = null,
    inline_pair_loop: ?*const anyopaque = null,
    inline_grow: ?*const anyopaque = null,
    inline_grow_loop: ?*const anyopaque = null,
};

var memory: [buffer_size]u8 align(4096) = undefined;
var fba: Fba = undefined;
var interface: Allocator = undefined;

const Numbers = struct { items: std.ArrayList(u64), allocator: Allocator };
var numbers: Numbers = undefined;

fn escape(block: ?[*]u8) void {
    asm volatile (""
        :
        : [block] "r" (block),
        : .{ .memory = true });
}

// States

fn open() callconv(.c) *Fba {
    fba = .init(&memory);
    return &fba;
}

fn openInterface() callconv(.c) *Allocator {
    interface = open().allocator();
    return &interface;
}

fn openSharedInterface() callconv(.c) *Allocator {
    interface = open().threadSafeAllocator();
    return &interface;
}

fn openList(state: *Allocator) callconv(.c) *Numbers {
    numbers = .{ .items = .empty, .allocator = state.* };
    return &numbers;
}

// Called: the allocator's functions compiled into functions of C's calling convention, each at a
// cache line as in the other peers.

export fn zig_alloc(state: *Fba, size: usize, log2_align: usize) align(64) ?[*]u8 {
    return Fba.alloc(state, size, @enumFromInt(log2_align), @returnAddress());
}

export fn zig_alloc_zeroed(state: *Fba, size: usize, log2_align: usize) align(64) ?[*]u8 {
    const block = Fba.alloc(state, size, @enumFromInt(log2_align), @returnAddress()) orelse return null;
    @memset(block[0..size], 0);
    return block;
}

export fn zig_free(state: *Fba, block: [*]u8, size: usize, log2_align: usize) align(64) void {
    Fba.free(state, block[0..size], @enumFromInt(log2_align), @returnAddress());
}

export fn zig_grow(state: *Fba, block: [*]u8, old: usize, new: usize, log2_align: usize) align(64) bool {
    return Fba.resize(state, block[0..old], @enumFromInt(log2_align), new, @returnAddress());
}

// The thread-safe functions are public only as the members of a table; it is constant, so these are
// direct calls.
const shared = fba.threadSafeAllocator().vtable;

export fn zig_shared_alloc(state: *Fba, size: usize, log2_align: usize) align(64) ?[*]u8 {
    return shared.alloc(state, size, @enumFromInt(log2_align), @returnAddress());
}

export fn zig_shared_free(state: *Fba, block: [*]u8, size: usize, log2_align: usize) align(64) void {
    shared.free(state, block[0..size], @enumFromInt(log2_align), @returnAddress());
}

export fn zig_shared_grow(state: *Fba, block: [*]u8, old: usize, new: usize, log2_align: usize) align(64) bool {
    return shared.resize(state, block[0..old], @enumFromInt(log2_align), new, @returnAddress());
}

// Through the interface

export fn zig_interface_alloc(state: *const Allocator, size: usize, log2_align: usize) align(64) ?[*]u8 {
    return state.rawAlloc(size, @enumFromInt(log2_align), @returnAddress());
}

export fn zig_interface_free(state: *const Allocator, block: [*]u8, size: usize, log2_align: usize) align(64) void {
    state.rawFree(block[0..size], @enumFromInt(log2_align), @returnAddress());
}

export fn zig_interface_grow(state: *const Allocator, block: [*]u8, old: usize, new: usize, log2_align: usize) align(64) bool {
    return state.rawResize(block[0..old], @enumFromInt(log2_align), new, @returnAddress());
}

export fn zig_push(list: *Numbers, number: *const u64) align(64) bool {
    list.items.append(list.allocator, number.*) catch return false;
    return true;
}

// Inlined

// What an inlined operation comes to when it is refused, which none is.
noinline fn giveUp() void {
    @branchHint(.cold);
    @trap();
}

export fn zig_alloc_in(state: *Fba) align(64) ?[*]u8 {
    return Fba.alloc(state, size_in, align_in, 0);
}

export fn zig_alloc_in_loop(state: *Fba, count: usize) align(64) void {
    for (0..count) |_| escape(Fba.alloc(state, size_in, align_in, 0));
}

export fn zig_pair_in(state: *Fba) align(64) void {
    const block = Fba.alloc(state, size_in, align_in, 0) orelse return;
    escape(block);
    Fba.free(state, block[0..size_in], align_in, 0);
}

export fn zig_pair_in_loop(state: *Fba, count: usize) align(64) void {
    for (0..count) |_| {
        const block = Fba.alloc(state, size_in, align_in, 0) orelse return;
        escape(block);
        Fba.free(state, block[0..size_in], align_in, 0);
    }
}

export fn zig_grow_in(state: *Fba, block: [*]u8) align(64) void {
    if (!Fba.resize(state, block[0..size_in], align_in, 2 * size_in, 0)) giveUp();
}

export fn zig_grow_in_loop(state: *Fba, block: [*]u8, count: usize) align(64) void {
    var size: usize = size_in;
    for (0..count) |_| {
        if (!Fba.resize(state, block[0..size], align_in, size + size_in, 0)) giveUp();
        escape(block);
        size += size_in;
    }
}

const peer = "Zig " ++ builtin.zig_version_string ++ " " ++ @tagName(builtin.mode);

export const bench_forms = [_]Form{
    .{
        .peer = peer,
        .form = "inlined",
        .open = &open,
        .inline_alloc = &zig_alloc_in,
        .inline_alloc_loop = &zig_alloc_in_loop,
        .inline_pair = &zig_pair_in,
        .inline_pair_loop = &zig_pair_in_loop,
        .inline_grow = &zig_grow_in,
        .inline_grow_loop = &zig_grow_in_loop,
    },
    .{
        .peer = peer,
        .form = "called",
        .open = &open,
        .alloc = &zig_alloc,
        .alloc_zeroed = &zig_alloc_zeroed,
        .free = &zig_free,
        .grow = &zig_grow,
    },
    .{
        .peer = peer,
        .form = "interface",
        .open = &openInterface,
        .alloc = &zig_interface_alloc,
        .free = &zig_interface_free,
        .grow = &zig_interface_grow,
        .list = &openList,
        .push = &zig_push,
    },
    .{
        .peer = peer,
        .form = "shared interface",
        .open = &openSharedInterface,
        .alloc = &zig_interface_alloc,
        .free = &zig_interface_free,
    },
    .{
        .peer = peer,
        .form = "shared",
        .open = &open,
        .alloc = &zig_shared_alloc,
        .free = &zig_shared_free,
        .grow = &zig_shared_grow,
    },
    .{},
};
