//! Semaphores in the child of a fork.

use ft_semaphore::Semaphore;
use ft_test_support::in_child;

use crate::{look, queued};

/// The child has the permits of its parent, and nobody in line.
#[test]
fn line_stays_behind_at_a_fork() {
    let semaphore = Semaphore::new(1);
    semaphore.acquire().forget();
    let counts = || (semaphore.available(), semaphore.waiting());
    let release = || semaphore.release().is_ok();
    // Stands for a thread that the child does not have.
    let stranger = queued(&semaphore);
    let mut ours = queued(&semaphore);
    assert!(in_child(|| counts() == (0, 0)
        && release()
        && counts() == (1, 0)
        && !release()));
    assert!(in_child(|| release()
        && look(&mut ours).is_some()
        && counts() == (1, 0)));
    // It joins the line anew.
    assert!(in_child(|| {
        let queued = look(&mut ours).is_none() && counts() == (0, 1);
        queued && release() && look(&mut ours).is_some()
    }));
    assert_eq!(counts(), (0, 2));
    assert!(in_child(|| {
        drop(ours);
        counts() == (0, 0) && release() && counts() == (1, 0)
    }));
    drop(stranger);
}
