//! Any text as a migration's statements: never a panic, and never harmless where it is not understood.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| tenantry::sql::hazards::trial::try_out(text));
