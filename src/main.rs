//! The program: `tenantry serve` and the rest of the command line. Everything is in the library.

fn main() -> std::process::ExitCode {
    tenantry::cli::main()
}
