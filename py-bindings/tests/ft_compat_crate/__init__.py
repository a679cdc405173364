"""The crate ft-compat, in an extension that is built with it, as its users build theirs.

The extension is in `crates/ft-compat/tests/extension`. The examples of the crate's documentation
are part of it, so that they run here.
"""
