//! The cases of a [`Select`](ft_sync::Select).

use crate::{
    ConcurrentQueue, ConcurrentStack, PopError, PushError,
    waiting::{popped, pushed},
};
use ft_sync::Case;

macro_rules! cases {
    ($queue:ident, $what:literal) => {
        impl<T> $queue<T> {
            /// Returns the case of a [`Select`](ft_sync::Select) that does what `pop` does.
            #[doc = concat!("A ", $what, " that is closed and empty makes it possible, too.")]
            pub fn popping(&self) -> Case<'_, impl FnMut() -> Option<Result<T, PopError>>> {
                Case::new(self.not_empty(), || popped(self.try_pop()))
            }

            /// Returns the case of a [`Select`](ft_sync::Select) that does what `push` does.
            #[doc = concat!("A closed ", $what, " makes it possible, too.")]
            ///
            /// The item stays where it is if another case takes effect. If there is no item, this
            /// case never does.
            pub fn pushing<'a>(
                &'a self,
                item: &'a mut Option<T>,
            ) -> Case<'a, impl FnMut() -> Option<Result<(), PushError<T>>>> {
                Case::new(self.not_full(), || pushed(item, |item| self.try_push(item)))
            }
        }
    };
}

cases!(ConcurrentQueue, "queue");
cases!(ConcurrentStack, "stack");
