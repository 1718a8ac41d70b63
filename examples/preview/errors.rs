//! Errors.

use super::{Sheet, fixtures::inside};
use tenantry::web::{
    pages::{
        error::ErrorPage,
        kept::{KeptPage, SendAgain},
    },
    typed::KeptForm,
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
        again: None,
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
    let form = KeptForm {
        action: "/tenants/new".into(),
        fields: vec![("name".into(), "Acme Bakery".into()), ("email".into(), "dana@example.org".into())],
        had_password: false,
    };
    let full = ErrorPage {
        again: Some(SendAgain::of(form.clone())),
        ..error(
            inside(Place::Nowhere),
            503,
            "Not reachable at the moment",
            "The disk is full. Free some space on the disk of the data folder; what waits goes on by itself then.",
            Some("7F3A-21C0"),
        )
    };
    let kept =
        |form: Option<KeptForm>| KeptPage { shell: inside(Place::Nowhere), form: form.map(SendAgain::of) };
    vec![
        Sheet::new("error-503-again", "", &full),
        Sheet::new("kept-form", "/kept-form", &kept(Some(KeptForm { had_password: true, ..form }))),
        Sheet::new("kept-form-none", "/kept-form", &kept(None)),
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
