//! What is in the templates that come with the program: that they are described, that rows survive their migrations, that
//! what must never be wrong is refused, and that everyday questions are answered from an index.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test ends where something is not as it should be"
)]

mod support;

#[path = "template_content/made.rs"]
mod made;
#[path = "template_content/migrations.rs"]
mod migrations;
#[path = "template_content/pages.rs"]
mod pages;
#[path = "template_content/questions.rs"]
mod questions;
#[path = "template_content/rules.rs"]
mod rules;
#[path = "template_content/shape.rs"]
mod shape;
