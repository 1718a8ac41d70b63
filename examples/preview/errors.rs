//! Errors.

use super::{Sheet, fixtures::inside};
use tenantry::web::{
    pages::error::ErrorPage,
    urls,
    views::{Place, Shell},
};

pub fn error_pages() -> Vec<Sheet> {
    let error = |shell, status, heading: &str, message: &str, reference: Option<&str>| ErrorPage {
        shell,
        status,
        heading: heading.into(),
        message: message.into(),
        reference: reference.map(Into::into),
        way_out: Some(("Go to the start page".into(), urls::home())),
        is_notice: false,
    };
    let notice = ErrorPage {
        is_notice: true,
        ..error(
            Shell::outside(""),
            500,
            "Something went wrong",
            "Look at the page before you try again.",
            Some("7F3A-21C0"),
        )
    };
    vec![
        Sheet::new(
            "error-404",
            "",
            &error(
                inside(Place::Nowhere),
                404,
                "Page not found",
                "Check the address. What was here may have been removed, or it never was.",
                None,
            ),
        ),
        Sheet::new(
            "error-403",
            "",
            &error(inside(Place::Nowhere), 403, "Your account cannot do this", "Ask an administrator.", None),
        ),
        Sheet::new(
            "error-500",
            "",
            &error(
                inside(Place::Nowhere),
                500,
                "Something went wrong",
                "Look at the page again before you repeat what you did.",
                Some("7F3A-21C0"),
            ),
        ),
        Sheet::new(
            "error-429",
            "",
            &error(Shell::outside("token"), 429, "Too many tries", "Wait 40 seconds, then try again.", None),
        ),
        Sheet::new(
            "error-503",
            "",
            &error(
                Shell::outside("token"),
                503,
                "Not available at the moment",
                "Being updated, back in a minute.",
                Some("7F3A-21C0"),
            ),
        ),
        Sheet::new("fragment-notice", "", &notice.as_notice()),
    ]
}
