// SPDX-License-Identifier: MIT
// kmem.hpp: C++17 objects in an fba or in any allocator, without exceptions, RTTI or a C++ library
// (a cross compiler may lack even <new>): placement forms of operator new, objects that are made and
// destroyed with their size, and an adaptor with the shape of std::pmr::memory_resource.
//
//     auto *task = new (early) Task(7);             // early is a struct fba; nullptr: no room
//     auto *task = kmem::create<Task>(early, 7);    // the same, at the alignment of Task only
//     kmem::destroy(early, task);                   // the destructor; the memory, if it is last
//
// For operator new and delete without arguments, whose delete may not be told the size, see header.h.
#ifndef KMEM_HPP
#define KMEM_HPP

#include "allocator.h"
#include "fba_inline.h"

#if __cplusplus < 201703L
#error "kmem.hpp is C++17: compile with -std=c++17 or later"
#endif

// What the language itself calls by this name; <new> may define it too.
namespace std
{
enum class align_val_t : decltype(sizeof(0));
}

// A new-expression whose allocation fails constructs nothing and yields nullptr.
inline void *operator new(size_t size, struct fba &fba) noexcept
{
    return fba_alloc(&fba, size, __STDCPP_DEFAULT_NEW_ALIGNMENT__);
}

inline void *operator new(size_t size, std::align_val_t align, struct fba &fba) noexcept
{
    return fba_alloc(&fba, size, static_cast<size_t>(align));
}

inline void *operator new[](size_t size, struct fba &fba) noexcept
{
    return fba_alloc(&fba, size, __STDCPP_DEFAULT_NEW_ALIGNMENT__);
}

inline void *operator new[](size_t size, std::align_val_t align, struct fba &fba) noexcept
{
    return fba_alloc(&fba, size, static_cast<size_t>(align));
}

inline void *operator new(size_t size, const struct allocator &allocator) noexcept
{
    return allocator_alloc(&allocator, size, __STDCPP_DEFAULT_NEW_ALIGNMENT__);
}

inline void *operator new(size_t size, std::align_val_t align,
                          const struct allocator &allocator) noexcept
{
    return allocator_alloc(&allocator, size, static_cast<size_t>(align));
}

namespace kmem
{

namespace detail
{

inline void *take(struct fba &fba, size_t size, size_t align)
{
    return fba_alloc_inline(&fba, size, align);
}

inline void *take(const struct allocator &allocator, size_t size, size_t align)
{
    return allocator_alloc(&allocator, size, align);
}

inline void give_back(struct fba &fba, void *block, size_t size, size_t)
{
    (void)fba_free(&fba, block, size);
}

inline void give_back(const struct allocator &allocator, void *block, size_t size, size_t align)
{
    allocator_free(&allocator, block, size, align);
}

// Where an object is constructed; a type of its own, as <new> defines the form with a void *.
struct place {
    void *block;
};

} // namespace detail

} // namespace kmem

inline void *operator new(size_t, kmem::detail::place place) noexcept
{
    return place.block;
}

namespace kmem
{

// An object in a struct fba or a struct allocator; nullptr, and no constructor ran, if it has no
// room.
template <typename T, typename Memory, typename... Arguments>
T *create(Memory &&memory, Arguments &&...arguments)
{
    void *block = detail::take(memory, sizeof(T), alignof(T));

    if (!block)
        return nullptr;
    return ::new (detail::place{block}) T(static_cast<Arguments &&>(arguments)...);
}

// Destroys what create() made of exactly this type, and gives its bytes back with their size, as
// fba_free() or allocator_free(). nullptr is nothing to destroy.
template <typename T, typename Memory> void destroy(Memory &&memory, T *object)
{
    if (!object)
        return;
    object->~T();
    detail::give_back(memory, object, sizeof(T), alignof(T));
}

// An allocator as containers take it that are written against std::pmr::memory_resource: with its
// functions, but not derived from it, and a failure is nullptr, not an exception.
class resource
{
public:
    // Over an allocator, which must outlive its use.
    explicit resource(struct allocator allocator) : allocator_(allocator)
    {
    }

    // A block, or nullptr: as allocator_alloc().
    void *allocate(size_t bytes, size_t align = alignof(max_align_t))
    {
        return allocator_alloc(&allocator_, bytes, align);
    }

    // Gives a block back with its size and alignment; nullptr is nothing to give back.
    void deallocate(void *block, size_t bytes, size_t align = alignof(max_align_t))
    {
        allocator_free(&allocator_, block, bytes, align);
    }

    // Whether what the one allocated can be given back to the other.
    bool is_equal(const resource &other) const noexcept
    {
        return allocator_.operations == other.allocator_.operations &&
               allocator_.context == other.allocator_.context;
    }

private:
    struct allocator allocator_;
};

inline bool operator==(const resource &one, const resource &other) noexcept
{
    return one.is_equal(other);
}

} // namespace kmem

#endif
