fn main() {
    let target = ft_compat::build::configure();
    if target.free_threaded && target.version < (3, 14) {
        println!("cargo:warning=free-threaded Python is experimental before 3.14");
    }
}
