//! A channel is closed after everything that its handles have done.

use ft_concurrent_queue::channel;
use ft_sync::{Arc, thread};
use loom_tests::{check, data::Data, threads::spawn};

/// Two threads write, and then drop a handle each. A third one finds the channel closed, and sees what both
/// have written.
///
/// The thread that looks starts last, so that loom begins with the order "close, then look". It may not come
/// there from the other order, for the reason that [`both`](crate::both) has, too: `close` reads the word
/// before it changes it, and by that loom forgets the look.
fn last_one_closes<H: 'static>(handles: [H; 2], look: impl FnOnce() + 'static) {
    let written = Arc::new([Data::new(0), Data::new(0)]);
    for (n, handle) in handles.into_iter().enumerate() {
        spawn(&written, move |written| {
            written[n].write(1);
            drop(handle);
        });
    }
    let looker = spawn(&written, move |written| {
        look();
        assert_eq!(written.each_ref().map(Data::read), [1, 1]);
    });
    looker.join().unwrap();
}

#[test]
fn the_last_sender_closes() {
    check(|| {
        let (sender, receiver) = channel::unbounded::<()>();
        last_one_closes([sender.clone(), sender], move || {
            assert!(receiver.pop().is_err());
        });
    });
}

#[test]
fn the_last_receiver_closes() {
    check(|| {
        let (sender, receiver) = channel::bounded(1);
        sender.push(7).unwrap();
        // The push waits until the last receiver is gone.
        last_one_closes([receiver.clone(), receiver], move || {
            assert!(sender.push(8).is_err());
        });
    });
}

/// No item is refused that is pushed by a sender which is there.
#[test]
fn a_sender_is_dropped_beside_a_push() {
    check(|| {
        let (sender, receiver) = channel::unbounded();
        let other = sender.clone();
        let producer = thread::spawn(move || other.push(1));
        sender.push(2).unwrap();
        drop(sender);
        producer.join().unwrap().unwrap();
        assert_eq!(receiver.iter().sum::<usize>(), 3);
    });
}
