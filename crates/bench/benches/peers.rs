//! The cells under criterion: `cargo bench -p ft-bench -- FILTER`.

use criterion::{BenchmarkId, Criterion};
use std::time::Duration;

fn main() {
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_secs(1))
        .sample_size(20)
        .configure_from_args();
    for cell in ft_bench::cells() {
        let mut group = criterion.benchmark_group(cell.name());
        for library in &cell.libraries {
            let id = BenchmarkId::new(library.name, cell.threads);
            group.bench_function(id, |bencher| {
                bencher.iter_custom(|count| library.measure(cell.threads, count as usize).cost);
            });
        }
    }
    criterion.final_summary();
}
