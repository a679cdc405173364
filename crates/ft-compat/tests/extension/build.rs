//! What the docs show, and what the tests want to know.

mod shown {
    include!("../../examples/build_script.rs");

    pub(crate) fn run() {
        main();
    }
}

fn main() {
    shown::run();
    println!(
        "cargo:rustc-env=FT_TARGET={:?}",
        ft_compat::build::configure()
    );
}
