//! What a build with profiles needs: `llvm-profdata`, of the compiler's own LLVM.

use std::env::consts::EXE_SUFFIX;
use std::path::PathBuf;

use xshell::cmd;

use crate::error::Result;
use crate::project::Project;
use crate::run;

/// Whether the compiler can learn from profiles here; gets what that needs, if rustup can.
pub fn is_possible(project: &Project) -> Result<bool> {
    let Some(tool) = profdata(project) else {
        return Ok(false);
    };
    if !tool.is_file() {
        let add = cmd!(project.sh, "rustup component add llvm-tools");
        let log = project.log("llvm-tools")?;
        // Not every compiler is rustup's, and there may be no network.
        let _ = run::logged(add, "llvm-tools of the compiler", &log);
    }
    Ok(tool.is_file())
}

/// Where the compiler has it, if it does.
fn profdata(project: &Project) -> Option<PathBuf> {
    let libraries = cmd!(project.sh, "rustc --print target-libdir").quiet();
    let tools = PathBuf::from(libraries.read().ok()?).with_file_name("bin");
    Some(tools.join(format!("llvm-profdata{EXE_SUFFIX}")))
}
