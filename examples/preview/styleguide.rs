//! The styleguide.

use super::{Sheet, fixtures::inside};
use tenantry::web::{pages::styleguide::StyleguidePage, views::Place};

pub fn styleguide_pages() -> Vec<Sheet> {
    vec![Sheet::new("styleguide", "/styleguide", &StyleguidePage::new(inside(Place::Nowhere)))]
}
