"""All classes at once, for minutes: `cargo xtask soak`."""
