//! SQLite: a tenant is one file.
