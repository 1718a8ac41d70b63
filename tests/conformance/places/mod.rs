//! The places where the engines keep databases in the tests.

pub mod mariadb;
pub mod postgres;
pub mod schemas;
pub mod sqlite;
