"""The parts that every class is built on: reference counts, and calls that pass by PyO3."""
