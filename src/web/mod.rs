//! A door: the web application.

pub mod assets;
pub mod pages;
pub mod urls;
pub mod views;
