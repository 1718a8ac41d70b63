//! The body of the fuzz target, over random bytes.

#[path = "../../fuzz/body.rs"]
mod body;

use crate::generator::Chance;

#[test]
fn what_holds_for_differences_holds_for_random_schemas() {
    let seed = std::env::var("TENANTRY_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(1);
    let mut chance = Chance(seed);
    for _ in 0..5_000 {
        let length = chance.below(160);
        let bytes: Vec<u8> = (0..length).map(|_| u8::try_from(chance.below(256)).unwrap()).collect();
        if let Err(cause) = std::panic::catch_unwind(|| body::holds(&bytes)) {
            println!("the bytes were {bytes:?}");
            std::panic::resume_unwind(cause);
        }
    }
}
