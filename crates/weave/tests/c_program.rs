//! A C program without Python: the one in `docs/weave.md`, linked with this crate as a C library.
#![cfg(unix)]

use std::{env, fs, path::Path, process::Command};

fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}:\n{errors}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn c_program() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let docs = fs::read_to_string(root.join("../../docs/weave.md")).unwrap();
    let mut examples = docs.split("```c\n").skip(1);
    let program = examples.find(|text| text.contains("int main(void)"));
    let (program, _) = program.and_then(|text| text.split_once("```")).unwrap();

    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let source = folder.join("program.c");
    fs::write(&source, program).unwrap();
    // A target folder of its own: the flags of this one's owner are not ours, and it may be locked.
    let target = folder.join("library");
    run(Command::new(env::var_os("CARGO").unwrap_or("cargo".into()))
        .current_dir(root)
        .args(["rustc", "--quiet", "--offline", "--lib"])
        .args(["--crate-type", "cdylib", "--target-dir"])
        .arg(&target)
        .env_remove("RUSTFLAGS"));
    let library = target.join("debug");
    let executable = folder.join("program");
    run(Command::new("cc")
        .args([
            "-std=c11",
            "-Wall",
            "-Wextra",
            "-Wpedantic",
            "-Werror",
            "-pthread",
        ])
        .arg("-I")
        .arg(root.join("../../py-bindings/python/ft_utils/include"))
        .arg(&source)
        .arg("-o")
        .arg(&executable)
        .arg("-L")
        .arg(&library)
        .arg("-lft_weave")
        .arg(format!("-Wl,-rpath,{}", library.display())));
    let lines = run(&mut Command::new(&executable));
    assert_eq!(lines, "goodbye, thread\ngoodbye, main\n");
}
