//! Everything here runs on a real SQLite.
