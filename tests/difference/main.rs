//! What it takes to turn one schema into another, on real engines: random pairs of schemas with rows in them, the schemas of
//! the templates that come with the program, and what a person does to a database by hand.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test ends where something is not as it should be"
)]

mod by_hand;
mod fuzzed;
mod generator;
mod pairs;
mod places;
mod spellings;
mod templates;

macro_rules! engines {
    ($($room:ident::$behaviour:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $behaviour() {
                crate::$room::$behaviour(&crate::places::sqlite()).await;
            })+
        }
        mod mariadb {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $behaviour() {
                crate::$room::$behaviour(&crate::places::mariadb().await).await;
            })+
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $behaviour() {
                crate::$room::$behaviour(&crate::places::postgres()).await;
            })+
        }
    };
}

engines!(
    pairs::one_schema_becomes_another_and_rows_stay,
    templates::every_template_is_made_from_what_was_inspected_of_it,
    by_hand::what_a_person_changes_is_found_and_set_right,
    by_hand::what_is_not_chosen_stays,
    by_hand::what_does_not_fit_changes_nothing,
    spellings::one_template_in_different_spellings_is_one_schema,
);
