//! Brings the control database's own schema up to date. (interim)
use super::db::{Result, Store, StoreError};
pub async fn migrate(_store: &Store, _now_ms: i64) -> Result<Vec<String>> {
    let _ = StoreError::Migration(String::new());
    Ok(vec![])
}
