//! One program for all weakened orderings, in which an environment variable chooses one of them.
//!
//! This file becomes part of the copy of `ft-sync`; every ordering in the copy is a call of
//! [`weak`].

use std::sync::OnceLock;
use std::sync::atomic::Ordering;

/// Returns the site and the ordering that `FT_MUTANT` chooses: `17 Relaxed` weakens site 17.
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

/// Returns the ordering of a site: its own, unless it is the chosen one.
#[inline]
pub fn weak(site: usize, ordering: Ordering) -> Ordering {
    match chosen() {
        Some((chosen, Some(weaker))) if *chosen == site => *weaker,
        _ => ordering,
    }
}

/// Passes the fence of a site, unless it is the chosen one.
#[inline]
pub fn fence(site: usize, ordering: Ordering) {
    match chosen() {
        Some((chosen, None)) if *chosen == site => {}
        _ => crate::atomic::fence(ordering),
    }
}
