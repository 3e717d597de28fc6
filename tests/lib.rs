//! Holds the integration tests in `it/`; the package has no code of its own.
