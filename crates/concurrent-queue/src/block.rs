//! The blocks that hold the items, and the slots in them.
//!
//! Everything here is about one block. `chain.rs` deals with how blocks follow one another.

use std::{
    alloc::{self, Layout, handle_alloc_error},
    mem::MaybeUninit,
    ptr::{self, NonNull},
};

use ft_sync::{
    UnsafeCell,
    atomic::{
        AtomicPtr, AtomicU64,
        Ordering::{Acquire, Relaxed, Release},
    },
    hint, thread,
};

/// The number of slots in a block of a chain, a power of two. It is small under loom and shuttle,
/// so that small models cross from one block to the next.
pub(crate) const SLOTS: usize = if cfg!(any(ft_loom, ft_shuttle)) {
    2
} else {
    32
};

/// How many bytes a ring may have. Queues with a larger bound are chains. Under loom and shuttle a
/// ring has up to two slots, so that there are small chains with a bound.
const LARGEST_RING: usize = 1 << 16;

/// How a queue uses blocks.
#[derive(Clone, Copy)]
pub(crate) struct Shape {
    /// The number of slots in a block, a power of two.
    slots: u32,
    /// Whether there is only one block, which follows itself. Otherwise each block is followed by
    /// another one.
    is_ring: bool,
}

impl Shape {
    pub(crate) const CHAIN: Self = Self {
        slots: SLOTS as u32,
        is_ring: false,
    };

    /// Returns the shape of a queue of up to `capacity` items.
    pub(crate) fn bounded<T>(capacity: usize) -> Self {
        let slots = capacity.checked_next_power_of_two().map(|it| it.max(SLOTS));
        let fits = |&slots: &usize| match cfg!(any(ft_loom, ft_shuttle)) {
            true => slots <= 2,
            false => slots <= LARGEST_RING / size_of::<Slot<T>>(),
        };
        match slots.filter(fits) {
            Some(slots) => Self {
                slots: slots as u32,
                is_ring: true,
            },
            None => Self::CHAIN,
        }
    }

    #[inline]
    pub(crate) fn slots(self) -> usize {
        self.slots as usize
    }

    #[inline]
    pub(crate) fn is_ring(self) -> bool {
        self.is_ring
    }

    /// Returns which slot of its block has this position.
    #[inline]
    pub(crate) fn slot_of(self, position: u64) -> usize {
        (position & (u64::from(self.slots) - 1)) as usize
    }

    /// Returns whether `position` is the first of a block other than that of the position before.
    pub(crate) fn needs_block(self, position: u64) -> bool {
        position == 0 || !self.is_ring && self.slot_of(position) == 0
    }
}

/// A section of the queue: this header, and behind it the slots.
///
/// A block never drops an item: the code that frees a block ensures that no item is left in it.
#[repr(C)]
pub(crate) struct Block<T> {
    /// The position of slot 0, counted over the whole queue. In a ring it is 0.
    ///
    /// It is in a cell so that loom reports a thread that uses the block while another thread frees
    /// it or uses it again.
    base: UnsafeCell<u64>,
    /// The next block. It is null until a push claims the first slot of that block, and is then set
    /// once. In a ring it stays null.
    pub(crate) next: AtomicPtr<Block<T>>,
    /// Where the slots begin.
    slots: [Slot<T>; 0],
}

impl<T> Block<T> {
    fn layout(shape: Shape) -> Layout {
        let slots = Layout::array::<Slot<T>>(shape.slots()).ok();
        let both = slots.and_then(|slots| Layout::new::<Self>().extend(slots).ok());
        both.expect("a block has at most 32 slots, or 65,536 bytes")
            .0
    }

    /// Allocates a block. Its stamps are those of no position.
    pub(crate) fn new(shape: Shape) -> NonNull<Self> {
        let layout = Self::layout(shape);
        // SAFETY: the size is not 0, because of the header.
        let memory = unsafe { alloc::alloc(layout) }.cast::<Self>();
        let Some(block) = NonNull::new(memory) else {
            handle_alloc_error(layout);
        };
        let header = Self {
            base: UnsafeCell::new(0),
            next: AtomicPtr::new(ptr::null_mut()),
            slots: [],
        };
        // SAFETY: the memory has room for it.
        unsafe { block.write(header) };
        for index in 0..shape.slots() {
            let slot = Slot {
                stamp: AtomicU64::new(0),
                value: UnsafeCell::new(MaybeUninit::uninit()),
            };
            // SAFETY: the memory has room for that many slots behind the header.
            unsafe { Self::slot(block, index).cast_mut().write(slot) };
        }
        block
    }

    /// Returns a pointer to a slot.
    ///
    /// # Safety
    ///
    /// The block has not been freed, and has more than `index` slots.
    #[inline]
    pub(crate) unsafe fn slot(block: NonNull<Self>, index: usize) -> *const Slot<T> {
        // SAFETY: as the caller says. The pointer is that of the whole allocation.
        unsafe {
            (&raw mut (*block.as_ptr()).slots)
                .cast::<Slot<T>>()
                .add(index)
        }
    }

    /// Frees the block.
    ///
    /// # Safety
    ///
    /// `new` has made the block, with the same shape, and nobody uses it any more.
    pub(crate) unsafe fn free(block: NonNull<Self>, shape: Shape) {
        for index in 0..shape.slots() {
            // SAFETY: the block has this slot, and nobody else uses it.
            unsafe { Self::slot(block, index).cast_mut().drop_in_place() };
        }
        // SAFETY: as the caller says, and this is the layout with which it was allocated. (The write
        // is for loom, see `base`.)
        unsafe {
            block.as_ref().base.with_mut(|base| base.write(0));
            block.drop_in_place();
            alloc::dealloc(block.as_ptr().cast(), Self::layout(shape));
        }
    }

    /// Makes this the block that starts at position `base`. The stamps may be those of lower
    /// positions.
    ///
    /// # Safety
    ///
    /// No other thread uses the block.
    pub(crate) unsafe fn start_at(block: NonNull<Self>, base: u64) {
        // SAFETY: as the caller says.
        let block = unsafe { block.as_ref() };
        // SAFETY: as the caller says.
        block.base.with_mut(|place| unsafe { place.write(base) });
        // Relaxed: no other thread uses the block.
        block.next.store(ptr::null_mut(), Relaxed);
    }

    /// Returns the position of slot 0.
    ///
    /// # Safety
    ///
    /// The block is in use: `start_at` happens before, and nobody frees the block meanwhile.
    pub(crate) unsafe fn base(block: NonNull<Self>) -> u64 {
        // SAFETY: as the caller says. Only `start_at` and `free` write.
        unsafe { block.as_ref().base.with(|base| *base) }
    }

    /// Returns whether every slot of this block of a chain has been emptied. Then no thread uses
    /// the block any more, apart from those that follow links: a push is done with a slot before
    /// the pop can empty it.
    ///
    /// # Safety
    ///
    /// As for `base`.
    pub(crate) unsafe fn is_used_up(block: NonNull<Self>) -> bool {
        // SAFETY: as the caller says.
        let base = unsafe { Self::base(block) };
        (0..SLOTS).all(|index| {
            // SAFETY: the block exists, and has these slots.
            let slot = unsafe { &*Self::slot(block, index) };
            slot.is_emptied(base + index as u64)
        })
    }
}

/// A place for one item. It is used again only as a slot of another position.
pub(crate) struct Slot<T> {
    /// [`filled`] or [`emptied`] of a position. As long as it belongs to a lower position, the slot
    /// is empty.
    stamp: AtomicU64,
    /// Initialized while the stamp is that of a filled slot, until the pop that has claimed the
    /// position moves the item out.
    value: UnsafeCell<MaybeUninit<T>>,
}

/// The stamp of a slot whose item is complete.
fn filled(position: u64) -> u64 {
    2 * position + 1
}

/// The stamp of a slot whose item has been moved out.
fn emptied(position: u64) -> u64 {
    2 * position + 2
}

impl<T> Slot<T> {
    /// Puts `value` into the slot.
    ///
    /// It takes a pointer, because a reference would have to be valid until the return. The slot may
    /// be emptied and freed as soon as the stamp is stored.
    ///
    /// # Safety
    ///
    /// The caller has claimed `position` for pushing, this is its slot, and this is the only call
    /// for it. If this is a ring, the slot was emptied since the lap before.
    #[inline]
    pub(crate) unsafe fn put(slot: *const Self, position: u64, value: T) {
        // SAFETY: a slot that is claimed for a push is not freed before it is filled and emptied.
        let (stamp, place) = unsafe { (&(*slot).stamp, &(*slot).value) };
        // SAFETY: until the stamp says that the slot is filled, only the push that has claimed the
        // position accesses `value`. Those who used the slot for a lower position are done: in a
        // chain they were before the block was used again, and in a ring the slot is emptied.
        place.with_mut(|place| unsafe {
            (*place).write(value);
        });
        // Release: pairs with the Acquire in `is_filled`, after which `value` is read.
        stamp.store(filled(position), Release);
    }

    #[inline]
    pub(crate) fn is_emptied(&self, position: u64) -> bool {
        // Acquire: pairs with the Release in `take`, so that the reading of the item is over before
        // the slot is used again.
        self.stamp.load(Acquire) == emptied(position)
    }

    /// Waits until the pop that has claimed `position` has emptied the slot.
    #[inline]
    pub(crate) fn wait_emptied(&self, position: u64) {
        if !self.is_emptied(position) {
            wait(|| self.is_emptied(position));
        }
    }

    #[inline]
    pub(crate) fn is_filled(&self, position: u64) -> bool {
        // Acquire: pairs with the Release in `put`.
        self.stamp.load(Acquire) == filled(position)
    }

    /// Waits until the push that has claimed `position` has filled the slot.
    #[inline]
    pub(crate) fn wait_filled(&self, position: u64) {
        if !self.is_filled(position) {
            wait(|| self.is_filled(position));
        }
    }

    /// Takes the item out, and waits for it if the push is not done. It takes a pointer, as
    /// [`put`](Self::put) does.
    ///
    /// # Safety
    ///
    /// The caller has claimed `position` for popping, this is its slot, and this is the only call
    /// for it. After the call the caller no longer uses the slot, which may be freed.
    #[inline]
    pub(crate) unsafe fn take(slot: *const Self, position: u64) -> T {
        // SAFETY: a slot that is claimed for a pop is not freed before it is emptied.
        unsafe { (*slot).wait_filled(position) };
        // SAFETY: as above.
        let (stamp, place) = unsafe { (&(*slot).stamp, &(*slot).value) };
        // SAFETY: the slot is filled, so it is initialized. A position is claimed once for popping,
        // so only we move the item. A peek is over before a claim succeeds.
        let value = place.with(|place| unsafe { (*place).assume_init_read() });
        // Release: pairs with the Acquire in `is_emptied`. The item has been moved out before the
        // slot is used again.
        stamp.store(emptied(position), Release);
        value
    }

    /// Calls `look` with the item.
    ///
    /// # Safety
    ///
    /// The slot is filled for a position that no pop has claimed, and no pop claims it, and no
    /// other thread looks at the item, before `look` returns.
    pub(crate) unsafe fn look<R>(&self, look: impl FnOnce(&T) -> R) -> R {
        // SAFETY: the slot is filled, so it is initialized, and nobody moves the item during the
        // call.
        (self.value).with(|place| look(unsafe { (*place).assume_init_ref() }))
    }
}

/// Waiting for another thread that is about to finish.
#[derive(Default)]
pub(crate) struct Pauses(usize);

impl Pauses {
    /// Waits a moment: it spins, and every 32nd time it lets other threads run.
    pub(crate) fn pause(&mut self) {
        self.0 += 1;
        if self.0 % 32 == 0 {
            thread::yield_now();
        } else {
            hint::spin_loop();
        }
    }
}

#[cold]
fn wait(done: impl Fn() -> bool) {
    let mut pauses = Pauses::default();
    while !done() {
        pauses.pause();
    }
}
