//! Bytes of an empty object of each class, beside other libraries.

use crate::common::error::Result;
use crate::common::project::Project;
use crate::common::run;
use crate::environments::packages::install_pinned;
use crate::environments::setup::Ready;

/// Packages, and the columns that they have in the table.
const PEERS: [(&str, &str); 2] = [("ft-utils", "reference"), ("cereggii", "cereggii")];

/// Measures the installed wheel and the other libraries, and prints a table.
pub fn measure(project: &Project, ready: &Ready) -> Result<()> {
    let (tools, venv) = (&ready.tools, ready.main());
    let mut cmd = venv.call();
    cmd.args(["-m", "benchmarks.memory"])
        .env("PYTHONPATH", project.bindings())
        .env("PYTHONDONTWRITEBYTECODE", "1");
    for (package, column) in PEERS {
        match install_pinned(project, tools, venv, package) {
            Ok(folder) => {
                cmd.args(["--site", &format!("{column}={}", folder.display())]);
            }
            Err(err) => eprintln!("going on without {package}: {err}"),
        }
    }
    run::shown(cmd, "the memory of objects")
}
