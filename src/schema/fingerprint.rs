//! A schema as canonical text, and the SHA-256 of that text: two schemas are the same exactly when these are.

use super::Schema;
use crate::digest::sha256_hex;

impl Schema {
    /// The canonical text: JSON of the model, whose maps are sorted and whose lists are in their own order.
    pub fn canonical(&self) -> String {
        // The model holds nothing that JSON cannot, so this cannot fail.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// SHA-256 of the canonical text, as 64 hexadecimal digits in small letters.
    pub fn fingerprint(&self) -> String {
        sha256_hex(self.canonical())
    }
}

#[cfg(test)]
mod tests {
    use crate::schema::Schema;

    #[test]
    fn a_fingerprint_fills_the_64_characters_of_its_column() {
        let empty = Schema::default().fingerprint();
        assert_eq!(empty.len(), 64);
        assert!(empty.chars().all(|c| c.is_ascii_hexdigit() && !c.is_ascii_uppercase()));
    }
}
