//! What is shown to people.

use std::convert::Infallible;
use std::error::Error;
use std::num::ParseIntError;

use ft_gathering_iter::{InsertError, NextError, Refusal};

use crate::windowed;

#[test]
fn messages() {
    assert_eq!(
        NextError::<()>::Missing.to_string(),
        "next value is missing"
    );
    assert_eq!(
        NextError::<()>::Ended.to_string(),
        "there are no more values"
    );
    let gathering = windowed(1);
    let full = gathering.try_insert(1, 1).unwrap_err();
    assert_eq!(full.to_string(), "key is beyond the window");
    let others: [Refusal<()>; 2] = [Refusal::Closed, Refusal::Failed(())];
    assert_eq!(
        others.map(|reason| InsertError { value: 1, reason }.to_string()),
        [
            "gathering is closed",
            "key is beyond the window, and gathering has failed"
        ]
    );
    assert_eq!(
        NextError::Failed(()).to_string(),
        "next value is missing, and gathering has failed"
    );
    gathering.insert(0, 0).unwrap();
    gathering.fail("broken");
    assert_eq!(
        format!("{gathering:?}"),
        "GatheringIter { len: 1, window: Some(1), state: failed, .. }"
    );
    assert_eq!(
        format!("{:?}", gathering.drain(3)),
        "Reader { position: Some(0), end: 3, drains: true, .. }"
    );
}

/// The source of an error is the reason for the failure, if there is one.
#[test]
fn sources() {
    let reason: ParseIntError = "x".parse::<u64>().unwrap_err();
    let source = |err: &dyn Error| err.source().map(|source| source.to_string());
    assert_eq!(
        source(&NextError::Failed(reason.clone())),
        Some(reason.to_string())
    );
    let refused = |reason| InsertError { value: 1, reason };
    assert_eq!(
        source(&refused(Refusal::Failed(reason.clone()))),
        Some(reason.to_string())
    );
    let missing: NextError<Infallible> = NextError::Missing;
    assert_eq!(source(&missing), None);
    let closed = InsertError::<_, Infallible> {
        value: 1,
        reason: Refusal::Closed,
    };
    assert_eq!(source(&closed), None);
}
