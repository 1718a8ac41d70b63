//! interim
#[derive(Debug, Clone, Default)]
pub struct Variables(pub std::collections::BTreeMap<String, String>);
impl Variables {
    pub fn fill(&self, text: &str) -> String {
        text.to_owned()
    }
}
