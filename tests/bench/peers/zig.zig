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

const pattern_align: Alignment = .@"8"; // BENCH_PATTERN_ALIGN
const kept_size = 32; // BENCH_KEPT
const temporary_size = 64; // BENCH_TEMPORARY
const depth = 64; // BENCH_DEPTH
const lists_count = 4; // BENCH_LISTS

const Form = extern struct {
    peer: ?[*:0]const u8 = null,
    form: ?[*:0]const u8 = null,
    align_is_log2: usize = 1,
    fixed_align: usize = 0,
    frees_each: usize = 0,
    unlimited: usize = 0,
    flat_savepoints: usize = 0,
    operations_only: usize = 0,
    resizes_to_zero: usize = 0,
    open: ?*const anyopaque = null,
    open_fresh: ?*const anyopaque = null,
    alloc: ?*const anyopaque = null,
    alloc_or_fail: ?*const anyopaque = null,
    alloc_zeroed: ?*const anyopaque = null,
    free: ?*const anyopaque = null,
    resize: ?*const anyopaque = null,
    mark: ?*const anyopaque = null,
    rewind: ?*const anyopaque = null,
    list: ?*const anyopaque = null,
    push: ?*const anyopaque = null,
    items: ?*const anyopaque = null,
    inline_alloc: ?*const anyopaque = null,
    inline_alloc_loop: ?*const anyopaque = null,
    inline_pair: ?*const anyopaque = null,
    inline_pair_loop: ?*const anyopaque = null,
    inline_resize: ?*const anyopaque = null,
    inline_resize_loop: ?*const anyopaque = null,
    inline_deep_loop: ?*const anyopaque = null,
    inline_frame_loop: ?*const anyopaque = null,
    inline_temporary_loop: ?*const anyopaque = null,
    inline_three_loop: ?*const anyopaque = null,
};

var memory: [buffer_size]u8 align(4096) = undefined;
var fba: Fba = undefined;
var interface: Allocator = undefined;

const Numbers = struct { items: std.ArrayList(u64), allocator: Allocator };
var numbers: [lists_count]Numbers = undefined;

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

fn openList(state: *Allocator, index: usize) callconv(.c) *Numbers {
    numbers[index] = .{ .items = .empty, .allocator = state.* };
    return &numbers[index];
}

fn items(list: *Numbers) callconv(.c) [*]u64 {
    return list.items.items.ptr;
}

// An arena over the system's pages, which keeps what it has when it is opened again.
var arena: std.heap.ArenaAllocator = .init(std.heap.page_allocator);

fn openArena() callconv(.c) *Allocator {
    _ = arena.reset(.retain_capacity);
    interface = arena.allocator();
    return &interface;
}

export fn zig_arena_mark(state: *Allocator, savepoint: *anyopaque) align(64) void {
    _ = state;
    _ = savepoint;
}

export fn zig_arena_rewind(state: *Allocator, savepoint: *anyopaque) align(64) void {
    _ = state;
    _ = savepoint;
    _ = arena.reset(.retain_capacity);
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

export fn zig_resize(state: *Fba, block: [*]u8, old: usize, new: usize, log2_align: usize) align(64) bool {
    return Fba.resize(state, block[0..old], @enumFromInt(log2_align), new, @returnAddress());
}

// What its users do, as the one member that says how much is taken is theirs to save and restore.
export fn zig_mark(state: *Fba, savepoint: *usize) align(64) void {
    savepoint.* = state.end_index;
}

export fn zig_rewind(state: *Fba, savepoint: *const usize) align(64) void {
    state.end_index = savepoint.*;
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

export fn zig_shared_resize(state: *Fba, block: [*]u8, old: usize, new: usize, log2_align: usize) align(64) bool {
    return shared.resize(state, block[0..old], @enumFromInt(log2_align), new, @returnAddress());
}

// Through the interface

export fn zig_interface_alloc(state: *const Allocator, size: usize, log2_align: usize) align(64) ?[*]u8 {
    return state.rawAlloc(size, @enumFromInt(log2_align), @returnAddress());
}

export fn zig_interface_free(state: *const Allocator, block: [*]u8, size: usize, log2_align: usize) align(64) void {
    state.rawFree(block[0..size], @enumFromInt(log2_align), @returnAddress());
}

export fn zig_interface_resize(state: *const Allocator, block: [*]u8, old: usize, new: usize, log2_align: usize) align(64) bool {
    return state.rawResize(block[0..old], @enumFromInt(log2_align), new, @returnAddress());
}

export fn zig_push(list: *Numbers, number: *const u64) align(64) bool {
    list.items.append(list.allocator, number.*) catch return false;
    return true;
}

// Inlined

// What an inlined operation comes to when it fails, which none does.
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

export fn zig_resize_in(state: *Fba, block: [*]u8) align(64) void {
    if (!Fba.resize(state, block[0..size_in], align_in, 2 * size_in, 0)) giveUp();
}

export fn zig_resize_in_loop(state: *Fba, block: [*]u8, count: usize) align(64) void {
    var size: usize = size_in;
    for (0..count) |_| {
        if (!Fba.resize(state, block[0..size], align_in, size + size_in, 0)) giveUp();
        escape(block);
        size += size_in;
    }
}

// The patterns of peer.h

fn take(state: *Fba, size: usize) callconv(.@"inline") [*]u8 {
    return Fba.alloc(state, size, pattern_align, 0) orelse @trap();
}

// A block that holds a number, and the compiler does not know that it does.
fn holding(state: *Fba, size: usize, number: u64) callconv(.@"inline") *u64 {
    const block: *u64 = @ptrCast(@alignCast(take(state, size)));
    block.* = number;
    escape(@ptrCast(block));
    return block;
}

fn giveBack(state: *Fba, block: *u64, size: usize) callconv(.@"inline") void {
    Fba.free(state, @as([*]u8, @ptrCast(block))[0..size], pattern_align, 0);
}

export fn zig_deep_loop(state: *Fba, blocks: [*]?[*]u8, count: usize) align(64) void {
    for (0..count) |_| {
        for (0..depth) |i| blocks[i] = Fba.alloc(state, size_in, align_in, 0);
        var i: usize = depth;
        while (i > 0) {
            i -= 1;
            Fba.free(state, blocks[i].?[0..size_in], align_in, 0);
        }
    }
}

export fn zig_frame_loop(state: *Fba, count: usize) align(64) u64 {
    var sum: u64 = 0;
    for (0..count) |i| {
        const savepoint = state.end_index;
        const a = holding(state, 24, i);
        const b = holding(state, 64, i + 1);
        const c = holding(state, 40, i + 2);
        const d = holding(state, 100, i + 3);
        sum +%= a.* +% b.* +% c.* +% d.*;
        state.end_index = savepoint;
    }
    return sum;
}

export fn zig_temporary_loop(state: *Fba, kept: [*]*u64, count: usize) align(64) u64 {
    var sum: u64 = 0;
    for (0..count) |i| {
        kept[i] = holding(state, kept_size, i);
        const a = holding(state, temporary_size, ~i);
        sum +%= a.*;
        giveBack(state, a, temporary_size);
    }
    return sum;
}

export fn zig_three_loop(state: *Fba, kept: [*]*u64, count: usize) align(64) u64 {
    var sum: u64 = 0;
    for (0..count) |i| {
        kept[i] = holding(state, kept_size, i);
        const a = holding(state, temporary_size, ~i);
        const b = holding(state, temporary_size, ~i -% 1);
        const c = holding(state, temporary_size, ~i -% 2);
        sum +%= c.*;
        giveBack(state, c, temporary_size);
        sum +%= b.*;
        giveBack(state, b, temporary_size);
        sum +%= a.*;
        giveBack(state, a, temporary_size);
    }
    return sum;
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
        .inline_resize = &zig_resize_in,
        .inline_resize_loop = &zig_resize_in_loop,
        .inline_deep_loop = &zig_deep_loop,
        .inline_frame_loop = &zig_frame_loop,
        .inline_temporary_loop = &zig_temporary_loop,
        .inline_three_loop = &zig_three_loop,
    },
    .{
        .peer = peer,
        .form = "called",
        .open = &open,
        .alloc = &zig_alloc,
        .alloc_zeroed = &zig_alloc_zeroed,
        .free = &zig_free,
        .resize = &zig_resize,
        .mark = &zig_mark,
        .rewind = &zig_rewind,
    },
    .{
        .peer = peer,
        .form = "interface",
        .open = &openInterface,
        .alloc = &zig_interface_alloc,
        .free = &zig_interface_free,
        .resize = &zig_interface_resize,
        .list = &openList,
        .push = &zig_push,
        .items = &items,
    },
    .{
        .peer = "Zig arena " ++ builtin.zig_version_string ++ " " ++ @tagName(builtin.mode),
        .form = "interface",
        .unlimited = 1,
        .flat_savepoints = 1,
        .open = &openArena,
        .alloc = &zig_interface_alloc,
        .free = &zig_interface_free,
        .resize = &zig_interface_resize,
        .mark = &zig_arena_mark,
        .rewind = &zig_arena_rewind,
        .list = &openList,
        .push = &zig_push,
        .items = &items,
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
        .resize = &zig_shared_resize,
    },
    .{},
};
