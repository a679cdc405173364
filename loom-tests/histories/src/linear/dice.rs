//! Chance that can be repeated.

/// A generator of numbers that look random, the same ones for the same seed.
///
/// It is SplitMix64 (Steele, Lea and Flood, 2014). It is no crate, because the numbers must stay the same from version
/// to version: seeds are written into bug reports.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// Creates the generator for one purpose, `stream`, of a seed.
    pub fn new(seed: u64, stream: u64) -> Self {
        let mut dice = Self(seed);
        let mixed = dice.next();
        Self(mixed ^ stream.wrapping_mul(0xD134_2543_DE82_EF95))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Returns a number below `end`, which is not 0.
    pub fn below(&mut self, end: usize) -> usize {
        // The bias is of no interest here.
        (self.next() % end as u64) as usize
    }

    /// Returns true once in `of` times.
    pub fn one_in(&mut self, of: usize) -> bool {
        self.below(of) == 0
    }

    /// Returns one of these.
    pub fn pick<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())].clone()
    }

    /// Calls `make` that many times, and returns the results.
    pub fn times<T>(&mut self, times: usize, mut make: impl FnMut(&mut Self) -> T) -> Vec<T> {
        (0..times).map(|_| make(self)).collect()
    }
}
