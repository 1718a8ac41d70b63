//! Everything that an installation does, on each engine.
