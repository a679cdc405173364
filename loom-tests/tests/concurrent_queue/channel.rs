//! A channel is closed after everything that its handles have done.

use ft_concurrent_queue::channel;
use ft_sync::{Arc, thread};
use loom_tests::{check, data::Data};

/// Two threads drop the senders. The receiver finds the channel closed, and sees what both threads have
/// written before.
#[test]
fn the_last_sender_closes() {
    check(|| {
        let (sender, receiver) = channel::unbounded::<()>();
        let written = [Arc::new(Data::new(0)), Arc::new(Data::new(0))];
        for (theirs, sender) in written.clone().into_iter().zip([sender.clone(), sender]) {
            thread::spawn(move || {
                theirs.write(1);
                drop(sender);
            });
        }
        assert!(receiver.pop().is_err());
        assert_eq!(written.each_ref().map(|it| it.read()), [1, 1]);
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

/// Two threads drop the receivers. A sender whose push fails sees what both threads have written before.
#[test]
fn the_last_receiver_closes() {
    check(|| {
        let (sender, receiver) = channel::bounded(1);
        sender.push(7).unwrap();
        let written = [Arc::new(Data::new(0)), Arc::new(Data::new(0))];
        for (theirs, receiver) in written
            .clone()
            .into_iter()
            .zip([receiver.clone(), receiver])
        {
            thread::spawn(move || {
                theirs.write(1);
                drop(receiver);
            });
        }
        // It waits until the last receiver is gone.
        assert!(sender.push(8).is_err());
        assert_eq!(written.each_ref().map(|it| it.read()), [1, 1]);
    });
}
