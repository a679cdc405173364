//! One program for all weakened orderings, in which a variable chooses one of them.
//!
//! It goes into the scratch copy of `ft-sync`; every ordering there is a call of [`weak`].

use std::sync::OnceLock;
use std::sync::atomic::Ordering;

/// `FT_MUTANT` is `17 Relaxed` for site 17.
fn chosen() -> &'static Option<(usize, Option<Ordering>)> {
    static CHOSEN: OnceLock<Option<(usize, Option<Ordering>)>> = OnceLock::new();
    CHOSEN.get_or_init(|| {
        let text = std::env::var("FT_MUTANT").ok()?;
        let (site, ordering) = text.split_once(' ')?;
        let ordering = match ordering {
            "AcqRel" => Some(Ordering::AcqRel),
            "Acquire" => Some(Ordering::Acquire),
            "Release" => Some(Ordering::Release),
            "Relaxed" => Some(Ordering::Relaxed),
            _ => None,
        };
        Some((site.parse().ok()?, ordering))
    })
}

/// The ordering of a site: its own, but for the one that is chosen.
#[inline]
pub fn weak(site: usize, ordering: Ordering) -> Ordering {
    match chosen() {
        Some((chosen, Some(weaker))) if *chosen == site => *weaker,
        _ => ordering,
    }
}

/// The fence of a site, unless it is the one that is chosen.
#[inline]
pub fn fence(site: usize, ordering: Ordering) {
    match chosen() {
        Some((chosen, None)) if *chosen == site => {}
        _ => crate::atomic::fence(ordering),
    }
}
